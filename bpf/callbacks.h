/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Callbacks: queued, assigned to a grace period, invoked, done.
 *
 * rcu_cblist_dequeue() takes each callback off its list right before it is
 * invoked, and the next call of it, or the end of rcu_do_batch(), is the first
 * moment after that. SRCU and the RCU-tasks flavours dequeue with the same
 * function: only what happens in rcu_do_batch() counts.
 */
#ifndef RCUSCOPE_CALLBACKS_H
#define RCUSCOPE_CALLBACKS_H

#include "caller.h"
#include "emit.h"
#include "follow.h"
#include "stacks.h"
#include "summary_functions.h"

/* Per-CPU address of the kernel's static variable rcu_data, and of __per_cpu_offset[]. */
const volatile __u64 rcu_data_address;
const volatile __u64 per_cpu_offset_address;
const volatile __u32 cpu_limit; /* CPU numbers are below */
/* Those of some CPUs, by rcu_nocbs= or nohz_full=. Elsewhere every call_rcu() is spared a look. */
const volatile bool callbacks_offloaded;
/* call_rcu() leaves callbacks of such CPUs be until something else needs a grace period. */
const volatile bool callbacks_lazy;

/* Followed callbacks, for user space to see whether any is left. */
__u64 followed_queued;
__u64 followed_done;

#define RS_MAX_CPUS 4096

/* Followed for their caller, not for their function: heads that are queued. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__type(key, __u64);
	__type(value, __u8);
} queued_by_followed SEC(".maps");

__u64 queued_by_followed_count;

/* A CPU's rcu_data; NULL if there is none. */
static __always_inline struct rcu_data *rs_rcu_data(__u32 cpu)
{
	__u64 offset = 0;

	if (bpf_probe_read_kernel(&offset, sizeof(offset),
				  (void *)(per_cpu_offset_address + 8 * cpu)))
		return NULL;
	return (void *)(rcu_data_address + offset);
}

/*
 * Where callbacks are offloaded, they may be put into a bypass list first,
 * which is later appended to the CPU's own list as a whole
 * (rcu_nocb_try_bypass()). While it holds any, all that follow go there too: so
 * it holds those since the last one that found it empty, or that it was flushed
 * for.
 */
struct rs_bypass {
	__u64 queued_ns; /* the newest callback */
	__u64 since_ns;	 /* the first that is in the bypass, if any is */
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, RS_MAX_CPUS);
	__type(key, __u32);
	__type(value, struct rs_bypass);
} bypasses SEC(".maps");

/* A callback is about to be queued on this CPU. */
static __always_inline void rs_note_bypass(__u64 ns)
{
	struct rs_bypass *bypass;
	struct rcu_data *data;
	__u32 cpu;

	if (!callbacks_offloaded)
		return;
	cpu = bpf_get_smp_processor_id();
	data = rs_rcu_data(cpu);
	bypass = bpf_map_lookup_elem(&bypasses, &cpu);
	if (!data || !bypass)
		return;
	bypass->queued_ns = ns;
	if (!BPF_CORE_READ(data, nocb_bypass.len))
		bypass->since_ns = ns;
}

/* The bypass list is emptied; then `head`, if any, is put into it. */
static __always_inline void rs_bypass_flushed(struct rcu_cblist *bypassed, void *head)
{
	struct rcu_data *data =
		(void *)bypassed - bpf_core_field_offset(struct rcu_data, nocb_bypass);
	__u32 cpu = BPF_CORE_READ(data, cpu);
	struct rs_bypass *bypass = bpf_map_lookup_elem(&bypasses, &cpu);

	rs_hit(RS_COUNT_CB_BYPASS);
	if (bypass && head)
		bypass->since_ns = bypass->queued_ns;
}

SEC("fentry/rcu_cblist_flush_enqueue")
int BPF_PROG(bypass_fentry, void *to, struct rcu_cblist *from, void *head)
{
	rs_bypass_flushed(from, head);
	return 0;
}

SEC("kprobe/rcu_cblist_flush_enqueue")
int BPF_KPROBE(bypass_kprobe, void *to, struct rcu_cblist *from, void *head)
{
	rs_bypass_flushed(from, head);
	return 0;
}

static __always_inline __u64 rs_bypass_since(__u32 list_cpu)
{
	struct rs_bypass *bypass;
	struct rcu_data *data;

	if (!callbacks_offloaded)
		return 0;
	bypass = bpf_map_lookup_elem(&bypasses, &list_cpu);
	data = rs_rcu_data(list_cpu);
	return bypass && data && BPF_CORE_READ(data, nocb_bypass.len) ? bypass->since_ns : 0;
}

/*
 * Whether RCU may take its time with what is queued on this CPU. That call_rcu()
 * is not lazy before the system has booted is long past.
 */
static __always_inline bool rs_is_lazy(enum rs_counter counter)
{
	struct rcu_data *data;

	if (!callbacks_lazy || !callbacks_offloaded || counter == RS_COUNT_CB_HURRY)
		return false;
	data = rs_rcu_data(bpf_get_smp_processor_id());
	/* There from boot on for the CPUs whose callbacks are offloaded. */
	return data && bpf_core_field_exists(data->nocb_cb_kthread) &&
	       BPF_CORE_READ(data, nocb_cb_kthread);
}

static __always_inline void rs_call_rcu(void *ctx, struct rs_cpu *cpu, enum rs_counter counter,
					__u64 head, __u64 func, __u64 caller)
{
	struct rs_cb_queued *record;
	__u64 now = rs_now();
	int module;

	rs_hit_on(cpu, counter);
	rs_note_bypass(now);
	module = rs_followed_code(func);
	if (module >= 0)
		__sync_fetch_and_add(&followed_callbacks_queued[rs_place(module)], 1);
	if (module < 0 && !all_callbacks) {
		__u8 one = 1;

		if (rs_followed_code(caller) < 0)
			return;
		if (!bpf_map_update_elem(&queued_by_followed, &head, &one, BPF_ANY))
			__sync_fetch_and_add(&queued_by_followed_count, 1);
	}
	__sync_fetch_and_add(&followed_queued, 1);
	rs_send_stack(ctx, cpu, now);
	record = rs_begin(rs_cb_queued, cpu, now, RS_CB_QUEUED,
			  rs_is_lazy(counter) ? RS_CB_LAZY : 0);
	if (!record) {
		__sync_fetch_and_add(&cpu->lost_callbacks.queued, 1);
		return;
	}
	record->head = head;
	record->func = func;
	record->caller = caller;
	rs_send(cpu, record);
}

/*
 * The second argument is a pointer to a function, which the verifier of 6.1
 * refuses to load from the context: bpf_get_func_arg() does not look at types.
 */
static __always_inline void rs_call_rcu_fentry(void *ctx, enum rs_counter counter)
{
	struct rs_cpu *cpu = rs_this_cpu();
	__u64 head = 0, func = 0;

	if (!cpu)
		return;
	bpf_get_func_arg(ctx, 0, &head);
	bpf_get_func_arg(ctx, 1, &func);
	rs_call_rcu(ctx, cpu, counter, head, func, rs_fentry_caller(ctx));
}

static __always_inline void rs_call_rcu_kprobe(struct pt_regs *regs, enum rs_counter counter,
					       void *head, void *func)
{
	struct rs_cpu *cpu = rs_this_cpu();

	if (cpu)
		rs_call_rcu(regs, cpu, counter, (__u64)head, (__u64)func, rs_kprobe_caller(regs));
}

SEC("fentry/call_rcu")
int call_rcu_fentry(void *ctx)
{
	rs_call_rcu_fentry(ctx, RS_COUNT_CB_QUEUED);
	return 0;
}

SEC("kprobe/call_rcu")
int BPF_KPROBE(call_rcu_kprobe, void *head, void *func)
{
	rs_call_rcu_kprobe(ctx, RS_COUNT_CB_QUEUED, head, func);
	return 0;
}

SEC("fentry/call_rcu_hurry")
int call_rcu_hurry_fentry(void *ctx)
{
	rs_call_rcu_fentry(ctx, RS_COUNT_CB_HURRY);
	return 0;
}

SEC("kprobe/call_rcu_hurry")
int BPF_KPROBE(call_rcu_hurry_kprobe, void *head, void *func)
{
	rs_call_rcu_kprobe(ctx, RS_COUNT_CB_HURRY, head, func);
	return 0;
}

/* SRCU keeps such lists too; of RCU's, each is in a CPU's rcu_data. Returns the CPU, or -1. */
static __always_inline int rs_list_cpu(struct rcu_segcblist *list)
{
	struct rcu_data *data = (void *)list - bpf_core_field_offset(struct rcu_data, cblist);
	__u32 list_cpu = BPF_CORE_READ(data, cpu);

	if (list_cpu >= cpu_limit || list_cpu >= RS_MAX_CPUS)
		return -1;
	return rs_rcu_data(list_cpu) == data ? (int)list_cpu : -1;
}

static __always_inline bool rs_callbacks_pending(void)
{
	/* Counting in the kernel has counts of its own. */
	return all_callbacks || summary_wanted || followed_queued != followed_done;
}

static __always_inline void rs_assigned(struct rcu_segcblist *list, __u64 gp_seq)
{
	struct rs_cb_assigned *record;
	struct rs_cpu *cpu = rs_this_cpu();
	int list_cpu = rs_list_cpu(list);

	if (!cpu || list_cpu < 0)
		return;
	rs_hit_on(cpu, RS_COUNT_CB_ASSIGNED);
	/* Lists are long-lived and many: nothing to tell while no followed callback is on any. */
	if (!rs_callbacks_pending())
		return;
	record = rs_begin(rs_cb_assigned, cpu, rs_now(), RS_CB_ASSIGNED, 0);
	if (!record)
		return;
	record->gp_seq = gp_seq;
	record->list_cpu = list_cpu;
	record->reserved = 0;
	record->bypass_ns = rs_bypass_since(list_cpu);
	rs_send(cpu, record);
}

SEC("fexit/rcu_segcblist_accelerate")
int BPF_PROG(accelerate_fexit, struct rcu_segcblist *list, unsigned long gp_seq, bool assigned)
{
	if (assigned)
		rs_assigned(list, gp_seq);
	return 0;
}

struct rs_accelerate {
	struct rcu_segcblist *list;
	__u64 gp_seq;
};

/* It runs with interrupts off, so one place for each CPU will do. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct rs_accelerate);
} accelerating SEC(".maps");

SEC("kprobe/rcu_segcblist_accelerate")
int BPF_KPROBE(accelerate_kprobe, struct rcu_segcblist *list, unsigned long gp_seq)
{
	__u32 zero = 0;
	struct rs_accelerate *args = bpf_map_lookup_elem(&accelerating, &zero);

	if (args) {
		args->list = list;
		args->gp_seq = gp_seq;
	}
	return 0;
}

SEC("kretprobe/rcu_segcblist_accelerate")
int BPF_KRETPROBE(accelerate_kretprobe, long assigned)
{
	__u32 zero = 0;
	struct rs_accelerate *args = bpf_map_lookup_elem(&accelerating, &zero);

	if (args && (assigned & 0xff))
		rs_assigned(args->list, args->gp_seq);
	return 0;
}

/*
 * In a kthread to which callbacks are offloaded: it may go to another CPU
 * between two callbacks, and lets softirqs in, whose batch then runs on top.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, RS_MAX_CPUS);
	__type(key, __u64);
	__type(value, struct rs_batch_state);
} offloaded_batches SEC(".maps");

/* No task has that number. */
#define RS_NO_TID ~0U

/* Returns the task's tid, or RS_NO_TID: it could not be announced. */
static __always_inline __u32 rs_send_batch(struct rs_cpu *cpu, __u16 kind, __u32 list_cpu)
{
	struct task_struct *task = rs_this_task();
	__u32 tid = task->pid;
	void *ring = rs_this_ring();
	struct rs_batch *record;
	__u64 now = rs_now();
	bool announced;

	if (!ring)
		return RS_NO_TID;
	announced = rs_announce_task(ring, cpu, now, task, tid);
	record = rs_begin_as(rs_batch, cpu, now, tid, kind, 0);
	if (record) {
		record->list_cpu = list_cpu;
		record->reserved = 0;
		rs_send(cpu, record);
	}
	return announced ? tid : RS_NO_TID;
}

static __always_inline void rs_count_done(struct rs_cpu *cpu)
{
	__sync_fetch_and_add(&cpu->callbacks_done, 1);
	__sync_fetch_and_add(&followed_done, 1);
}

static __always_inline void rs_send_done(struct rs_cpu *cpu, __u64 head)
{
	struct rs_cb_done *record = rs_begin(rs_cb_done, cpu, rs_now(), RS_CB_DONE, 0);

	rs_count_done(cpu);
	if (!record) {
		__sync_fetch_and_add(&cpu->lost_callbacks.done, 1);
		return;
	}
	record->head = head;
	rs_send(cpu, record);
}

static __always_inline void rs_send_invoked(struct rs_cpu *cpu, __u64 head, __u64 func)
{
	struct rs_cb *record = rs_begin(rs_cb, cpu, rs_now(), RS_CB_INVOKED, 0);

	if (!record) {
		__sync_fetch_and_add(&cpu->lost_callbacks.invoked, 1);
		return;
	}
	record->head = head;
	record->func = func;
	rs_send(cpu, record);
}

/* One record where there would be two: in a long batch nearly all. `tid`: of the batch. */
static __always_inline void rs_send_next(struct rs_cpu *cpu, __u32 tid, __u64 done, __u64 head,
					 __u64 func)
{
	__u64 now = rs_now();
	struct rs_cb_next *record;

	if (tid == RS_NO_TID)
		record = rs_begin(rs_cb_next, cpu, now, RS_CB_NEXT, 0);
	else
		record = rs_begin_as(rs_cb_next, cpu, now, tid, RS_CB_NEXT, 0);
	rs_count_done(cpu);
	if (!record) {
		__sync_fetch_and_add(&cpu->lost_callbacks.done, 1);
		__sync_fetch_and_add(&cpu->lost_callbacks.invoked, 1);
		return;
	}
	record->head = head;
	record->func = func;
	record->done = done;
	rs_send(cpu, record);
}

/* Where a batch of this task on this CPU is kept, or will be; NULL: nowhere. */
static __always_inline struct rs_batch_state *rs_batch_place(struct rs_cpu *cpu,
							     struct rcu_data *data, __u64 task)
{
	struct rs_batch_state fresh = {}, *mine;

	if (!callbacks_offloaded || !bpf_core_field_exists(data->nocb_cb_kthread) ||
	    (__u64)BPF_CORE_READ(data, nocb_cb_kthread) != task)
		return &cpu->batch;
	/* No softirq's batch is on top of one that only begins: a return was not seen. */
	if (cpu->batch.task == task)
		cpu->batch.task = 0;
	mine = bpf_map_lookup_elem(&offloaded_batches, &task);
	if (mine)
		return mine;
	bpf_map_update_elem(&offloaded_batches, &task, &fresh, BPF_NOEXIST);
	return bpf_map_lookup_elem(&offloaded_batches, &task);
}

/* The innermost batch that this task runs; NULL: none. */
static __always_inline struct rs_batch_state *rs_running_batch(struct rs_cpu *cpu)
{
	__u64 task = bpf_get_current_task();
	struct rs_batch_state *mine;

	if (cpu->batch.task == task)
		return &cpu->batch;
	if (!callbacks_offloaded)
		return NULL;
	mine = bpf_map_lookup_elem(&offloaded_batches, &task);
	return mine && mine->task ? mine : NULL;
}

/*
 * A return is not seen if a tracer came to the function, or left it, meanwhile:
 * then the kernel skips the fexit programs of calls that are under way. What
 * such a call left in its place goes here.
 */
static __always_inline void rs_batch_entered(struct rcu_data *data)
{
	__u64 task = bpf_get_current_task();
	struct rs_cpu *cpu = rs_this_cpu();
	struct rs_batch_state *mine;

	if (!cpu)
		return;
	mine = rs_batch_place(cpu, data, task);
	if (!mine)
		return;
	mine->task = task;
	mine->running_head = 0;
	mine->list_cpu = BPF_CORE_READ(data, cpu);
	mine->tid = rs_send_batch(cpu, RS_BATCH_BEGIN, mine->list_cpu);
}

/* No batch: it was entered before the probes were in place. */
static __always_inline void rs_batch_returned(void)
{
	struct rs_cpu *cpu = rs_this_cpu();
	struct rs_batch_state *mine = cpu ? rs_running_batch(cpu) : NULL;

	if (!cpu || !mine)
		return;
	if (mine->running_head)
		rs_send_done(cpu, mine->running_head);
	rs_send_batch(cpu, RS_BATCH_END, mine->list_cpu);
	mine->task = 0;
}

static __always_inline bool rs_follows_callback(__u64 head, __u64 func)
{
	int module = rs_followed_code(func);

	if (module >= 0)
		__sync_fetch_and_add(&followed_callbacks_invoked[rs_place(module)], 1);
	if (module >= 0 || all_callbacks)
		return true;
	if (!queued_by_followed_count || bpf_map_delete_elem(&queued_by_followed, &head))
		return false;
	__sync_fetch_and_add(&queued_by_followed_count, -1);
	return true;
}

static __always_inline void rs_dequeued(__u64 head, __u64 func)
{
	struct rs_cpu *cpu = rs_this_cpu();
	struct rs_batch_state *mine = cpu ? rs_running_batch(cpu) : NULL;
	bool followed = false;
	__u64 done;

	if (!cpu || !mine)
		return;
	if (head) {
		rs_hit_on(cpu, RS_COUNT_CB_INVOKED);
		followed = rs_follows_callback(head, func);
	}
	done = mine->running_head;
	mine->running_head = followed ? head : 0;
	if (done && followed)
		rs_send_next(cpu, mine->tid, done, head, func);
	else if (done)
		rs_send_done(cpu, done);
	else if (followed)
		rs_send_invoked(cpu, head, func);
}

SEC("fentry/rcu_do_batch")
int BPF_PROG(batch_fentry, struct rcu_data *data)
{
	rs_batch_entered(data);
	return 0;
}

SEC("fexit/rcu_do_batch")
int BPF_PROG(batch_fexit)
{
	rs_batch_returned();
	return 0;
}

SEC("kprobe/rcu_do_batch")
int BPF_KPROBE(batch_kprobe, struct rcu_data *data)
{
	rs_batch_entered(data);
	return 0;
}

SEC("kretprobe/rcu_do_batch")
int BPF_KRETPROBE(batch_kretprobe)
{
	rs_batch_returned();
	return 0;
}

SEC("fentry/rcu_cblist_dequeue")
int BPF_PROG(dequeue_fentry, struct rcu_cblist *list)
{
	struct callback_head *head = list->head;

	rs_dequeued((__u64)head, head ? (__u64)head->func : 0);
	return 0;
}

SEC("kprobe/rcu_cblist_dequeue")
int BPF_KPROBE(dequeue_kprobe, struct rcu_cblist *list)
{
	struct callback_head *head = BPF_CORE_READ(list, head);

	rs_dequeued((__u64)head, head ? (__u64)BPF_CORE_READ(head, func) : 0);
	return 0;
}

#endif /* RCUSCOPE_CALLBACKS_H */
