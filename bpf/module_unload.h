/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Unloading of a module: the system call delete_module(), the exit function and its wakeups, and
 * the removal of the module's probes.
 */
#ifndef RCUSCOPE_MODULE_UNLOAD_H
#define RCUSCOPE_MODULE_UNLOAD_H

#include "batches.h"
#include "context.h"
#include "emit.h"
#include "follow.h"
#include "kernel_types.h"
#include "module_records.h"

#include <linux/errno.h>

/*
 * Called when the kernel can no longer refuse the current task's delete_module(), if there is one.
 * Sends its delayed RS_MODULE_UNLOADING. This is the only record with an old time; no trigger looks
 * at it.
 */
static __always_inline void rs_delete_module_accepted(struct rs_cpu *cpu)
{
	__u64 key = rs_task_key() | RS_NOTE_UNLOAD;
	struct rs_module_note *note = bpf_map_lookup_elem(&module_notes, &key);
	struct rs_module *record;

	if (!note || !note->unsaid)
		return;
	note->unsaid = false;
	record = rs_begin_module(cpu, RS_MODULE_UNLOADING, note, 0);
	if (!record)
		return;
	record->h.ns = note->ns;
	rs_send(record);
}

/*
 * capable(CAP_SYS_MODULE), the first check in delete_module(). Any user may call delete_module()
 * with any name, any number of times. The programs therefore keep, send and count nothing of a call
 * that fails this check.
 */
static __always_inline bool rs_may_unload(void)
{
	const struct cred *cred = BPF_CORE_READ(rs_this_task(), cred);
	__u64 effective = 0;

	if (BPF_CORE_READ(cred, user_ns, parent))
		return false;
	bpf_probe_read_kernel(&effective, sizeof(effective), &cred->cap_effective);
	return effective >> CAP_SYS_MODULE & 1;
}

/* At most this many wakeups of an exit function are reported: enough to show that it polls. */
#define RS_MAX_EXIT_WAKEUPS 64
__u32 exit_wakeups[RS_MAX_FOLLOWED];

/*
 * The exit function itself usually cannot be probed: __exit implies notrace, and kprobe events
 * refuse such functions. The system call that runs it can be probed, and so can the notifier call
 * that follows it.
 *
 * For a followed module the entry is sent at once: the kernel may crash before the call returns.
 */
static __always_inline void rs_delete_module_entered(struct pt_regs *syscall)
{
	__u64 key = rs_task_key() | RS_NOTE_UNLOAD;
	struct rs_module_note note = {};
	struct rs_cpu *cpu = rs_this_cpu();
	const char *name = NULL;
	__u32 *followed;

	if (!cpu || !rs_may_unload())
		return;
	rs_hit(RS_COUNT_MODULE_EXIT);
	/* The user registers at the system call. Their layout is part of the ABI. */
	bpf_probe_read_kernel(&name, sizeof(name), &PT_REGS_PARM1(syscall));
	if (bpf_probe_read_user_str(note.name.text, sizeof(note.name.text), name) < 0)
		return;
	note.ns = rs_now();
	followed = bpf_map_lookup_elem(&followed_names, &note.name);
	note.unsaid = !followed;
	bpf_map_update_elem(&module_notes, &key, &note, BPF_ANY);
	if (followed) {
		exit_wakeups[rs_bounded_index(*followed)] = 0;
		unloading_task[rs_bounded_index(*followed)] = bpf_get_current_task();
	}
	if (!note.unsaid)
		rs_send_module(cpu, RS_MODULE_UNLOADING, &note, 0);
}

/* The exit function has returned, or the kernel did not call it. */
static __always_inline void rs_exit_over(const struct rs_name *name)
{
	__u32 *followed = bpf_map_lookup_elem(&followed_names, name);

	if (followed && unloading_task[rs_bounded_index(*followed)] == bpf_get_current_task())
		unloading_task[rs_bounded_index(*followed)] = 0;
}

/* delete_module() returns -EPERM also because of modules_disabled and of security modules. */
static __always_inline void rs_delete_module_returned(int ret)
{
	__u64 key = rs_task_key() | RS_NOTE_UNLOAD;
	struct rs_module_note *note = bpf_map_lookup_elem(&module_notes, &key);
	struct rs_cpu *cpu = rs_this_cpu();

	if (!cpu || !note)
		return;
	if (ret < 0 && !(ret == -EPERM && note->unsaid))
		rs_send_module(cpu, RS_MODULE_REFUSED, note, ret);
	rs_exit_over(&note->name);
	bpf_map_delete_elem(&module_notes, &key);
}

/* Address of the kernel's static variable, from kallsyms. Set before loading. */
const volatile __u64 module_notify_list_address;

/* include/linux/module.h: enum module_state */
#define RS_MODULE_STATE_GOING 2

static __always_inline void rs_notified(__u64 list, __u64 state, struct module *mod)
{
	struct rs_module_note note = {};
	struct rs_cpu *cpu = rs_this_cpu();
	struct rs_code code = {};

	if (list != module_notify_list_address || state != RS_MODULE_STATE_GOING || !cpu)
		return;
	rs_note_module(mod, &note, &code);
	rs_delete_module_accepted(cpu);
	rs_exit_over(&note.name);
	rs_send_module(cpu, RS_MODULE_EXITED, &note, 0);
	rs_send_pending(cpu, RS_MODULE_EXITED, &note.name);
}

/*
 * After the exit function and before it frees the memory, the kernel removes the kprobes in the
 * module. The tracer itself causes the time that this takes.
 */
static __always_inline void rs_unprobing(__u64 state, struct module *mod)
{
	__u64 key = rs_task_key() | RS_NOTE_UNPROBE;
	struct rs_module_note note = {};
	struct rs_cpu *cpu = rs_this_cpu();
	struct rs_code code = {};

	if (!cpu || state != RS_MODULE_STATE_GOING)
		return;
	rs_note_module(mod, &note, &code);
	if (!bpf_map_lookup_elem(&followed_names, &note.name))
		return;
	rs_hit(RS_COUNT_MODULE_UNPROBED);
	bpf_map_update_elem(&module_notes, &key, &note, BPF_ANY);
	rs_send_module(cpu, RS_MODULE_UNPROBING, &note, 0);
}

static __always_inline void rs_unprobed(void)
{
	__u64 key = rs_task_key() | RS_NOTE_UNPROBE;
	struct rs_module_note *note = bpf_map_lookup_elem(&module_notes, &key);
	struct rs_cpu *cpu = rs_this_cpu();

	if (!cpu || !note)
		return;
	rs_send_module(cpu, RS_MODULE_UNPROBED, note, 0);
	bpf_map_delete_elem(&module_notes, &key);
}

/*
 * The function of a callback, or other code, wakes the task that runs a followed module's exit
 * function. A hard interrupt may occur while a callback runs.
 */
static __always_inline void rs_send_woken(__u32 followed, __u32 tid)
{
	struct rs_cpu *cpu = rs_this_cpu();
	struct rs_batch_state *batch;
	struct rs_module_woken *record;

	if (!cpu || __sync_fetch_and_add(&exit_wakeups[rs_bounded_index(followed)], 1) >=
			    RS_MAX_EXIT_WAKEUPS)
		return;
	rs_hit_on(cpu, RS_COUNT_MODULE_WOKEN);
	batch = rs_context() == RS_CONTEXT_HARDIRQ ? NULL : rs_running_batch(cpu);
	record = rs_begin(rs_module_woken, cpu, RS_MODULE_WOKEN, 0);
	if (!record)
		return;
	record->h.tid = tid;
	record->head = batch ? batch->running_head : 0;
	__builtin_memcpy(record->name, followed_name[rs_bounded_index(followed)].text,
			 sizeof(record->name));
	rs_send(record);
}

SEC("tp_btf/sched_waking")
int BPF_PROG(sched_waking, struct task_struct *task)
{
	for (__u32 i = 0; i < RS_MAX_FOLLOWED; i++) {
		if (i >= followed_count)
			break;
		if (unloading_task[i] == (__u64)task) {
			rs_send_woken(i, task->pid);
			break;
		}
	}
	return 0;
}

#endif /* RCUSCOPE_MODULE_UNLOAD_H */
