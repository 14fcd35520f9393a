/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* clang-format off */
/*
 * The list of hooks. A hook is one kind of observation; its rows name the BPF programs that make
 * it.
 *
 * The list consists of macros and has several readers. A reader defines the macros that it needs
 * and includes this file: control.h generates the counters, rcuscope.bpf.c the programs at
 * entries and returns of functions, tracer/probes/hooks.cpp the table for the attach plan and for
 * `doctor`. To add a hook, add its rows here and its handler to bpf/.
 *
 *   RS_HOOK(counter, name, scope, kernels, shows, without)
 *       Begins a hook; the rows that follow are its programs.
 *       counter   its name in enum rs_counter, without RS_COUNT_
 *       scope     of HookScope in tracer/probes/hooks.hpp
 *       kernels   every_kernel; or newer_kernels, if a kernel without any of the functions lacks
 *                 nothing
 *       shows     what the hook observes, and
 *       without   what a recording lacks without it: texts for users
 *
 *   RS_PREEMPTIBLE()
 *       Says of a hook that tasks call its functions all the time and can be preempted in them. On
 *       kernels that preempt tasks, the hook prefers kprobes to fentry.
 *
 * A hook has up to four ways: tracepoints; fentry and fexit; kprobes and kretprobes; kprobe events
 * of tracefs. The attach plan takes the first way that the kernel offers. A way needs all of its
 * programs.
 *
 *   RS_EVENT(program, tracepoint)          a program for a tracepoint
 *   RS_OWN_CPU_EVENT(program, tracepoint)  the same; it misses callbacks that are offloaded to
 *                                          other CPUs
 *   RS_ENTRY(program, function, parameters, handler)
 *                                          generates program_fentry and program_kprobe
 *   RS_RETURN(program, function, parameters, result, handler)
 *                                          generates program_fexit and program_kretprobe
 *   RS_FEXIT(program, function, parameters, result, handler)
 *   RS_KPROBE(program, function, parameters, handler)
 *   RS_KRETPROBE(program, function, result, handler)
 *                                          generate one program each, for a return that needs the
 *                                          arguments: a kretprobe does not see them, so a kprobe at
 *                                          the entry saves them
 *   RS_KPROBE_EVENT(program, tracepoint)   the kprobe way needs this program as well
 *   RS_SITE_KPROBE(program)                a program for kprobe events
 *   RS_SITE_EVENT(program, tracepoint)     that way needs this program as well
 *   RS_RETURN_AGAIN(program, function)     the way needs the programs of an RS_RETURN row as well
 *   RS_OR()                                the rows after it are an alternative for kernels that
 *                                          do not have the functions of the rows before it, or
 *                                          have them with other parameters
 *
 * `parameters` are those of the kernel's function, all of them, or none if the handler reads none;
 * `result` is its result. The attach plan compares them with the kernel's BTF
 * (tracer/probes/contract.hpp): a pointer to a structure must point to that structure (a flavour
 * does not count), void * is any pointer, another one must not point to a structure, and an integer
 * must have the same size. A bool is declared as rs_raw_bool.
 *
 * `handler` is a statement without its semicolon. It may use the parameters, the result, `ctx` and
 * the accessors of function_programs.h.
 */
#ifndef RS_HOOK
#define RS_HOOK(...)
#endif
#ifndef RS_PREEMPTIBLE
#define RS_PREEMPTIBLE(...)
#endif
#ifndef RS_EVENT
#define RS_EVENT(...)
#endif
#ifndef RS_OWN_CPU_EVENT
#define RS_OWN_CPU_EVENT(...)
#endif
#ifndef RS_ENTRY
#define RS_ENTRY(...)
#endif
#ifndef RS_RETURN
#define RS_RETURN(...)
#endif
#ifndef RS_FEXIT
#define RS_FEXIT(...)
#endif
#ifndef RS_KPROBE
#define RS_KPROBE(...)
#endif
#ifndef RS_KRETPROBE
#define RS_KRETPROBE(...)
#endif
#ifndef RS_KPROBE_EVENT
#define RS_KPROBE_EVENT(...)
#endif
#ifndef RS_SITE_KPROBE
#define RS_SITE_KPROBE(...)
#endif
#ifndef RS_SITE_EVENT
#define RS_SITE_EVENT(...)
#endif
#ifndef RS_RETURN_AGAIN
#define RS_RETURN_AGAIN(...)
#endif
#ifndef RS_OR
#define RS_OR(...)
#endif

RS_HOOK(GP_START, "gp.start", kernel, every_kernel,
	"when a grace period begins, and its gp_seq",
	"beginnings of grace periods")
RS_EVENT(gp_start_event, rcu_grace_period)
RS_ENTRY(gp_init, rcu_gp_init, (), rs_gp_init_entered())
RS_RETURN(gp_init, rcu_gp_init, (), (rs_raw_bool started), rs_gp_init_returned(rs_bool(started)))

RS_HOOK(GP_END, "gp.end", kernel, every_kernel,
	"when a grace period ends, and when that is announced",
	"ends of grace periods")
RS_EVENT(gp_end_event, rcu_future_grace_period)
RS_EVENT(gp_cleaned_event, rcu_grace_period)
RS_ENTRY(gp_cleanup, rcu_gp_cleanup, (), rs_gp_cleanup_entered())
RS_RETURN(gp_cleanup, rcu_gp_cleanup, (), (), rs_gp_cleanup_returned())

RS_HOOK(GP_REQUESTED, "gp.requested", kernel, every_kernel,
	"when a grace period is first asked for",
	"since when a grace period was needed")
RS_EVENT(gp_request_event, rcu_future_grace_period)
RS_ENTRY(gp_request, rcu_start_this_gp, (void *node, void *data, unsigned long wanted),
	 rs_gp_requested(wanted))

RS_HOOK(GP_QUIESCENT, "gp.quiescent", kernel, every_kernel,
	"each CPU's quiescent state, and how it was noticed",
	"which CPU held a grace period")
RS_EVENT(quiescent_event, rcu_quiescent_state_report)
RS_ENTRY(quiescent, rcu_report_qs_rnp,
	 (unsigned long mask, struct rcu_node *node, unsigned long gp_seq, unsigned long flags),
	 rs_quiescent(mask, node, gp_seq))

RS_HOOK(GP_SCAN, "gp.scan", kernel, every_kernel,
	"each forced scan, and preempted readers that it finds",
	"forced scans, and preempted readers")
RS_EVENT(scan_event, rcu_grace_period)
RS_ENTRY(scan, force_qs_rnp, (), rs_scan_began())

RS_HOOK(GP_SAMPLE, "gp.sample", kernel, every_kernel,
	"the activity of a CPU that a grace period waits for, at the tick after a scan",
	"the activity of a CPU that held a grace period")
RS_ENTRY(tick, rcu_sched_clock_irq, (int user), (rs_tick_in_section(user), rs_tick(ctx, user)))

RS_HOOK(EXP_START, "gp.expedited.start", kernel, every_kernel,
	"when an expedited grace period begins",
	"beginnings of expedited grace periods")
RS_EVENT(exp_start_event, rcu_exp_grace_period)
RS_ENTRY(exp_start, sync_rcu_exp_select_cpus, (), rs_expedited_started())

RS_HOOK(EXP_END, "gp.expedited.end", kernel, every_kernel,
	"when an expedited grace period has ended and its waiters are woken",
	"ends of expedited grace periods")
RS_EVENT(exp_end_event, rcu_exp_grace_period)
RS_FEXIT(exp_end, rcu_exp_wait_wake, (unsigned long wanted), (), rs_expedited_ended(wanted))
RS_KPROBE(exp_wait, rcu_exp_wait_wake, (unsigned long wanted), rs_expedited_wait_entered(wanted))
RS_KRETPROBE(exp_end, rcu_exp_wait_wake, (), rs_expedited_wait_returned())

RS_HOOK(EXP_QUIESCENT, "gp.expedited.quiescent", kernel, every_kernel,
	"each CPU's quiescent state of an expedited grace period, and preempted readers that it "
	"waits for",
	"which CPU held an expedited grace period")
RS_ENTRY(exp_quiescent, rcu_report_exp_cpu_mult,
	 (struct rcu_node *node, unsigned long mask, rs_raw_bool wake),
	 rs_expedited_quiescent(node, mask, rs_bool(wake)))
/* Each CPU was asked, so the readers that had been preempted before are known. */
RS_RETURN(exp_selected, sync_rcu_exp_select_cpus, (), (), rs_send_all_blocked(RS_GP_EXPEDITED))
RS_OR()
/* Seen in Linux 6.16: the caller holds the lock and hands over the saved interrupt flags. */
RS_ENTRY(exp_quiescent_locked, rcu_report_exp_cpu_mult,
	 (struct rcu_node *node, unsigned long flags, unsigned long mask, rs_raw_bool wake),
	 rs_expedited_quiescent(node, mask, rs_bool(wake)))
RS_RETURN_AGAIN(exp_selected, sync_rcu_exp_select_cpus)

RS_HOOK(EXP_SAMPLE, "gp.expedited.sample", kernel, every_kernel,
	"the activity of a CPU that could not report to an expedited grace period at once",
	"the activity of a CPU that held an expedited grace period")
RS_RETURN(exp_asked, rcu_exp_handler, (), (), rs_expedited_asked(ctx))

RS_HOOK(CB_QUEUED, "callback.queued", kernel, every_kernel,
	"call_rcu(): the callback, its function, who queued it",
	"the queueing of callbacks, and so callbacks as a whole")
RS_PREEMPTIBLE()
RS_OWN_CPU_EVENT(call_rcu_event, rcu_callback)
RS_ENTRY(call_rcu, call_rcu, (void *head, void *func),
	 rs_call_rcu_entered(ctx, RS_COUNT_CB_QUEUED, rs_argument(ctx, 0), rs_argument(ctx, 1),
			     rs_caller(ctx), bpf_get_func_ip(ctx)))

RS_HOOK(CB_HURRY, "callback.queued.hurry", kernel, newer_kernels,
	"call_rcu_hurry(): the same for callbacks that RCU may not hold back",
	"callbacks queued with call_rcu_hurry()")
RS_PREEMPTIBLE()
RS_OWN_CPU_EVENT(call_rcu_event, rcu_callback) /* the same program */
RS_ENTRY(call_rcu_hurry, call_rcu_hurry, (void *head, void *func),
	 rs_call_rcu_entered(ctx, RS_COUNT_CB_HURRY, rs_argument(ctx, 0), rs_argument(ctx, 1),
			     rs_caller(ctx), bpf_get_func_ip(ctx)))

RS_HOOK(CB_BYPASS, "callback.bypass", kernel, every_kernel,
	"which offloaded callbacks are held back from their CPU's list",
	"for which grace period an offloaded callback waits")
RS_ENTRY(bypass, rcu_cblist_flush_enqueue, (void *to, struct rcu_cblist *from, void *head),
	 rs_bypass_flushed(from, head))

/*
 * No tracepoint shows it: the kernel sends the event "AccWaitCB" even if nothing was assigned, and
 * sends none where rcu_accelerate_cbs_unlocked() marks callbacks for a grace period that is already
 * requested. Where callbacks are offloaded, call_rcu() may keep a callback off the list without an
 * event, and the events of a batch do not tell whose callbacks it runs.
 */
RS_HOOK(CB_ASSIGNED, "callback.assigned", kernel, every_kernel,
	"for which grace period a callback waits",
	"which grace period released a callback")
RS_FEXIT(accelerate, rcu_segcblist_accelerate,
	 (struct rcu_segcblist *list, unsigned long gp_seq), (rs_raw_bool assigned),
	 if (rs_bool(assigned)) rs_assigned(list, gp_seq))
RS_KPROBE(accelerate, rcu_segcblist_accelerate, (struct rcu_segcblist *list, unsigned long gp_seq),
	  rs_accelerate_entered(list, gp_seq))
RS_KRETPROBE(accelerate, rcu_segcblist_accelerate, (rs_raw_bool assigned),
	     rs_accelerate_returned(rs_bool(assigned)))
/*
 * Since Linux 7.3 expedited grace periods release callbacks, too. Callbacks may run while
 * rcu_exp_wait_wake() still wakes the waiters, so its return is too late to be the end of one.
 */
RS_OR()
RS_ENTRY(accelerate_either, rcu_segcblist_accelerate,
	 (struct rcu_segcblist *list, struct rcu_gp_seq___norm_exp *state),
	 rs_accelerate_either_entered(list, state))
RS_RETURN(accelerate_either, rcu_segcblist_accelerate,
	  (struct rcu_segcblist *list, struct rcu_gp_seq___norm_exp *state), (rs_raw_bool assigned),
	  rs_accelerate_either_returned(rs_bool(assigned)))
RS_ENTRY(exp_ending, rcu_poll_gp_seq_end_unlocked, (unsigned long *snap), rs_expedited_ending(snap))

RS_HOOK(CB_INVOKED, "callback.invoked", kernel, every_kernel,
	"when a callback is invoked and when it is done, in which batch and context",
	"invocations of callbacks")
RS_OWN_CPU_EVENT(batch_start_event, rcu_batch_start)
RS_OWN_CPU_EVENT(invoke_event, rcu_invoke_callback)
RS_OWN_CPU_EVENT(batch_end_event, rcu_batch_end)
RS_ENTRY(batch, rcu_do_batch, (struct rcu_data *data), rs_batch_entered(data))
RS_RETURN(batch, rcu_do_batch, (), (), rs_batch_returned())
RS_ENTRY(dequeue, rcu_cblist_dequeue, (struct rcu_cblist *list), rs_dequeue_entered(ctx, list))
RS_KPROBE_EVENT(skipped_entry, softirq_entry)
RS_KPROBE_EVENT(skipped_exit, softirq_exit)

RS_HOOK(KVFREE, "callback.kvfree_rcu", kernel, every_kernel,
	"kvfree_rcu() and kfree_rcu(): memory to be freed after a grace period, and who frees it",
	"calls of kvfree_rcu() and kfree_rcu()")
RS_PREEMPTIBLE()
RS_ENTRY(kvfree, kvfree_call_rcu, (void *head, void *what),
	 rs_kvfree(ctx, RS_COUNT_KVFREE, rs_argument(ctx, 0), rs_argument(ctx, 1), rs_caller(ctx)))

RS_HOOK(KVFREE_NOLOCK, "callback.kvfree_rcu.nolock", kernel, newer_kernels,
	"kfree_rcu_nolock(): the same for callers that may hold any lock",
	"calls of kfree_rcu_nolock()")
RS_PREEMPTIBLE()
RS_ENTRY(kvfree_nolock, kfree_call_rcu_nolock, (void *head, void *what),
	 rs_kvfree(ctx, RS_COUNT_KVFREE_NOLOCK, rs_argument(ctx, 0), rs_argument(ctx, 1),
		   rs_caller(ctx)))

RS_HOOK(WAIT_SYNC, "wait.synchronize_rcu", kernel, every_kernel,
	"tasks that wait in synchronize_rcu()",
	"waits in synchronize_rcu()")
RS_ENTRY(sync, synchronize_rcu, (),
	 rs_wait_began(ctx, RS_WAIT_SYNCHRONIZE_RCU, RS_COUNT_WAIT_SYNC, rs_caller(ctx)))
RS_RETURN(sync, synchronize_rcu, (), (), rs_wait_ended(RS_WAIT_SYNCHRONIZE_RCU))

RS_HOOK(WAIT_SYNC_EXP, "wait.synchronize_rcu_expedited", kernel, every_kernel,
	"tasks that wait in synchronize_rcu_expedited()",
	"waits in synchronize_rcu_expedited(), and how early an expedited grace period may have begun")
RS_ENTRY(sync_exp, synchronize_rcu_expedited, (),
	 rs_wait_began(ctx, RS_WAIT_SYNCHRONIZE_RCU_EXPEDITED, RS_COUNT_WAIT_SYNC_EXP,
		       rs_caller(ctx)))
RS_RETURN(sync_exp, synchronize_rcu_expedited, (), (),
	  rs_wait_ended(RS_WAIT_SYNCHRONIZE_RCU_EXPEDITED))

RS_HOOK(WAIT_BARRIER, "wait.rcu_barrier", kernel, every_kernel,
	"tasks that wait in rcu_barrier()",
	"waits in rcu_barrier()")
RS_EVENT(barrier_event, rcu_barrier)
RS_ENTRY(barrier, rcu_barrier, (),
	 rs_wait_began(ctx, RS_WAIT_RCU_BARRIER, RS_COUNT_WAIT_BARRIER, rs_caller(ctx)))
RS_RETURN(barrier, rcu_barrier, (), (), rs_wait_ended(RS_WAIT_RCU_BARRIER))

RS_HOOK(MODULE_INIT, "module.init", kernel, every_kernel,
	"when a module is in memory, and when its init function has returned",
	"loading of modules; a followed module's callbacks cannot be told from others")
RS_ENTRY(module_init, do_init_module, (struct module *mod),
	 rs_module_entered(mod, RS_NOTE_INIT, RS_MODULE_COMING))
RS_RETURN(module_init, do_init_module, (struct module *mod), (int ret),
	  rs_module_returned(RS_NOTE_INIT, ret))
RS_RETURN(init_returned, do_one_initcall, (void *function), (int ret), rs_init_returned(ret))

/*
 * Linux 6.10, commit 223b5e57d0d5 ("mm/execmem, arch: convert remaining overrides of module_alloc
 * to execmem"), replaced module_memfree() by execmem_free().
 */
RS_HOOK(MODULE_INIT_FREED, "module.init_freed", modules, every_kernel,
	"when the memory of a module's init code is freed",
	"when a module's init code is freed")
RS_ENTRY(memory_freed, execmem_free, (void *memory), rs_memory_freed((__u64)memory))
RS_OR()
RS_ENTRY(module_memory_freed, module_memfree, (void *memory), rs_memory_freed((__u64)memory))

RS_HOOK(MODULE_EXIT, "module.exit", kernel, every_kernel,
	"when a module's exit function is called and has returned, and when unloading is refused",
	"when a module's exit function ran")
RS_ENTRY(unload, __x64_sys_delete_module, (struct pt_regs *syscall), rs_delete_module_entered(syscall))
RS_RETURN(unload, __x64_sys_delete_module, (struct pt_regs *syscall), (long ret),
	  rs_delete_module_returned(ret))
RS_ENTRY(exited, blocking_notifier_call_chain, (void *list, unsigned long state, void *mod),
	 rs_notified((__u64)list, state, mod))

RS_HOOK(MODULE_UNPROBED, "module.unprobed", modules, every_kernel,
	"how long the kernel takes to remove the probes from a followed module that is unloaded",
	"how much later the memory of a module is freed because of its probes")
RS_ENTRY(unprobe, kprobes_module_callback, (void *block, unsigned long state, void *mod),
	 rs_unprobing(state, mod))
RS_RETURN(unprobe, kprobes_module_callback, (), (), rs_unprobed())

RS_HOOK(MODULE_FREE, "module.free", kernel, every_kernel,
	"when a module is being freed, and when its memory is gone",
	"freeing of modules")
RS_ENTRY(module_free, free_module, (struct module *mod),
	 rs_module_entered(mod, RS_NOTE_FREE, RS_MODULE_FREEING))
RS_RETURN(module_free, free_module, (), (), rs_module_returned(RS_NOTE_FREE, 0))

RS_HOOK(MODULE_REF, "module.references", modules, every_kernel,
	"references to a followed module as they are taken and dropped",
	"references to a module")
RS_PREEMPTIBLE()
RS_FEXIT(ref_try, try_module_get, (void *mod), (rs_raw_bool taken),
	 if (rs_bool(taken)) rs_referenced((__u64)mod, true, 0, rs_caller(ctx)))
RS_KPROBE(ref_try, try_module_get, (void *mod), rs_try_get_entered((__u64)mod, rs_caller(ctx)))
RS_KRETPROBE(ref_try, try_module_get, (rs_raw_bool taken), rs_try_get_returned(rs_bool(taken)))
RS_ENTRY(ref_get, __module_get, (void *mod), rs_referenced((__u64)mod, true, 1, rs_caller(ctx)))
/*
 * Probed at its entry: once the last reference is dropped, the module's memory may be freed at any
 * time.
 */
RS_ENTRY(ref_put, module_put, (void *mod), rs_referenced((__u64)mod, false, -1, rs_caller(ctx)))

RS_HOOK(MODULE_WOKEN, "module.woken", modules, every_kernel,
	"what wakes the task that runs a followed module's exit function",
	"whether an exit function waits for callbacks by other means than rcu_barrier()")
RS_EVENT(sched_waking, sched_waking)

RS_HOOK(JUMP, "module.jumps", modules, every_kernel,
	"which function of a followed module jumps to call_rcu() or a function like it instead of calling it",
	"callbacks that are queued by a jump")
RS_SITE_KPROBE(jump_kprobe)

RS_HOOK(CACHE, "cache.destroyed", modules, every_kernel,
	"caches that a followed module destroys while some of their objects are not free, and those objects",
	"whether caches were destroyed too early")
RS_ENTRY(cache_destroy, kmem_cache_destroy, (void *cache),
	 rs_cache_destroyed((__u64)cache, rs_caller(ctx)))
RS_RETURN(cache_shutdown, __kmem_cache_shutdown, (void *cache), (int error),
	  rs_cache_shut_down(error))

RS_HOOK(SITE, "module.readers", read_sites, every_kernel,
	"read-side sections of a followed module, at the calls of __rcu_read_lock() in its .ko",
	"read-side sections; only the functions that --reader-function names show readers")
RS_SITE_KPROBE(site_kprobe)

RS_HOOK(SWITCH, "reader.switched", read_sites, every_kernel,
	"when a task leaves the CPU within a read-side section, when it comes back, and when it ends",
	"whether a reader blocked or was preempted, and whether it left a section open for good")
RS_EVENT(sched_switch, sched_switch)
RS_EVENT(task_exit, sched_process_exit)

RS_HOOK(SITE_RETURN, "module.functions", function_sites, every_kernel,
	"calls of a followed module's functions",
	"calls of a module's functions")
RS_SITE_KPROBE(site_kprobe) /* the same program */
RS_SITE_KPROBE(site_kretprobe)
RS_SITE_KPROBE(site_left_kprobe)
RS_SITE_EVENT(skipped_entry, softirq_entry)
RS_SITE_EVENT(skipped_exit, softirq_exit)

#undef RS_HOOK
#undef RS_PREEMPTIBLE
#undef RS_EVENT
#undef RS_OWN_CPU_EVENT
#undef RS_ENTRY
#undef RS_RETURN
#undef RS_FEXIT
#undef RS_KPROBE
#undef RS_KRETPROBE
#undef RS_KPROBE_EVENT
#undef RS_SITE_KPROBE
#undef RS_SITE_EVENT
#undef RS_RETURN_AGAIN
#undef RS_OR
