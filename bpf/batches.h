/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Callbacks: invocation and end.
 *
 * The kernel calls rcu_cblist_dequeue() for each callback right before it invokes it. The next
 * call, or the end of rcu_do_batch(), is the first moment after the callback. SRCU and the
 * RCU-tasks flavours dequeue with the same function, so only calls within rcu_do_batch() count.
 */
#ifndef RCUSCOPE_BATCHES_H
#define RCUSCOPE_BATCHES_H

#include "callbacks.h"
#include "emit.h"
#include "follow.h"
#include "function_programs.h"
#include "rcu_data.h"

/*
 * Batches in kthreads to which callbacks are offloaded. Such a kthread may migrate between two
 * callbacks. It also allows softirqs, whose batch then runs on top of its own.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, RS_MAX_CPUS);
	__type(key, __u64);
	__type(value, struct rs_batch_state);
} offloaded_batches SEC(".maps");

/* No task has this tid. */
#define RS_NO_TID ~0U

/* Returns the task's tid, or RS_NO_TID if the task could not be announced. */
static __always_inline __u32 rs_send_batch(struct rs_cpu *cpu, __u16 kind, __u32 list_cpu)
{
	struct task_struct *task = rs_this_task();
	__u32 tid = task->pid;
	struct rs_batch *record;
	bool announced;

	if (!rs_ring_bytes)
		return RS_NO_TID;
	announced = rs_announce_task(cpu, task, tid);
	record = rs_begin_as(rs_batch, cpu, tid, kind, 0);
	if (record) {
		record->list_cpu = list_cpu;
		record->reserved = 0;
		rs_send(record);
	}
	return announced ? tid : RS_NO_TID;
}

static __always_inline void rs_count_done(struct rs_cpu *cpu)
{
	__sync_fetch_and_add(&cpu->callbacks_done, 1);
	__sync_fetch_and_add(&followed_done, 1);
	if (followed_done > followed_queued)
		queueing_unseen = true;
}

static __always_inline void rs_send_done(struct rs_cpu *cpu, __u64 head)
{
	struct rs_cb_done *record = rs_begin(rs_cb_done, cpu, RS_CB_DONE, 0);

	rs_count_done(cpu);
	if (!record) {
		__sync_fetch_and_add(&cpu->lost_callbacks.done, 1);
		return;
	}
	record->head = head;
	rs_send(record);
}

static __always_inline void rs_send_invoked(struct rs_cpu *cpu, __u64 head, __u64 func)
{
	struct rs_cb *record = rs_begin(rs_cb, cpu, RS_CB_INVOKED, 0);

	if (!record) {
		__sync_fetch_and_add(&cpu->lost_callbacks.invoked, 1);
		return;
	}
	record->head = head;
	record->func = func;
	rs_send(record);
}

/*
 * One record instead of two; in a long batch nearly all records are of this kind. `tid`: of the
 * batch.
 */
static __always_inline void rs_send_next(struct rs_cpu *cpu, __u32 tid, __u64 done, __u64 head,
					 __u64 func)
{
	struct rs_cb_next *record;

	if (tid == RS_NO_TID)
		record = rs_begin(rs_cb_next, cpu, RS_CB_NEXT, 0);
	else
		record = rs_begin_as(rs_cb_next, cpu, tid, RS_CB_NEXT, 0);
	rs_count_done(cpu);
	if (!record) {
		__sync_fetch_and_add(&cpu->lost_callbacks.done, 1);
		__sync_fetch_and_add(&cpu->lost_callbacks.invoked, 1);
		return;
	}
	record->head = head;
	record->func = func;
	record->done = done;
	rs_send(record);
}

/* State of a batch of this task on this CPU; NULL: there is no room for it. */
static __always_inline struct rs_batch_state *rs_batch_place(struct rs_cpu *cpu,
							     struct rcu_data *data, __u64 task)
{
	struct rs_batch_state fresh = {}, *mine;

	if (!callbacks_offloaded || rs_callback_kthread(data) != task)
		return &cpu->batch;
	/*
	 * A softirq's batch cannot be on top of a batch that begins now: its return was not seen.
	 */
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
 * A return is not seen if a tracer attached to the function, or detached from it, during the call:
 * the kernel then skips the fexit programs of calls in progress. This resets the state that such a
 * call left.
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
	mine->searched = mine->found_on = 0;
	mine->list_cpu = BPF_CORE_READ(data, cpu);
	mine->tid = rs_send_batch(cpu, RS_BATCH_BEGIN, mine->list_cpu);
}

/* No batch: the task entered it before the probes were attached. */
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
		__sync_fetch_and_add(&followed_callbacks_invoked[rs_bounded_index(module)], 1);
	if (module >= 0 || all_callbacks)
		return true;
	if (!queued_by_followed_count || bpf_map_delete_elem(&queued_by_followed, &head))
		return false;
	__sync_fetch_and_add(&queued_by_followed_count, -1);
	return true;
}

static __always_inline void rs_dequeued_in(struct rs_cpu *cpu, struct rs_batch_state *mine,
					   __u64 head, __u64 func)
{
	bool followed = false;
	__u64 done;

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

static __always_inline void rs_dequeued(struct rs_cpu *cpu, __u64 head, __u64 func)
{
	struct rs_batch_state *mine = rs_running_batch(cpu);

	if (mine)
		rs_dequeued_in(cpu, mine, head, func);
}

/*
 * Like rs_dequeued(), for a hook that fires only in batches. The task needs a check only if
 * callbacks are offloaded.
 */
static __always_inline void rs_dequeued_in_batch(struct rs_cpu *cpu, __u64 head, __u64 func)
{
	if (callbacks_offloaded)
		rs_dequeued(cpu, head, func);
	else if (cpu->batch.task)
		rs_dequeued_in(cpu, &cpu->batch, head, func);
}

/* Entry of rcu_cblist_dequeue(). A macro, because the type of `ctx` says how to read members. */
#define rs_dequeue_entered(ctx, list)                                                              \
	({                                                                                         \
		struct callback_head *head_ = rs_member(ctx, list, head);                          \
		struct rs_cpu *cpu_ = rs_this_cpu();                                               \
		if (cpu_)                                                                          \
			rs_dequeued(cpu_, (__u64)head_,                                            \
				    head_ ? rs_number_of(rs_member(ctx, head_, func),              \
							 &cpu_->invoked_func)                      \
					  : 0);                                                    \
	})

#endif /* RCUSCOPE_BATCHES_H */
