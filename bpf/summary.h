/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Counting in the kernel: callbacks by function, and the latency of each from call_rcu() to its
 * invocation. The programs send no records.
 *
 * On one CPU the kernel runs no program of the same kind within itself, and invokes callbacks one
 * after the other. So the counts of invocations on a CPU have one writer. Queueing programs may
 * interrupt each other.
 */
#ifndef RCUSCOPE_SUMMARY_H
#define RCUSCOPE_SUMMARY_H

#include "batches.h"
#include "emit.h"
#include "function_programs.h"
#include "latency_run.h"
#include "pending_ring.h"
#include "rcu_data.h"
#include "summary_functions.h"
#include "summary_memory.h"
#include "summary_periods.h"

/* `hurried`: by call_rcu_hurry(). */
static __always_inline void rs_summary_queued(const void *pointer, __u64 func, bool hurried)
{
	__u32 cpu = bpf_get_smp_processor_id();
	struct rs_summary_cpu *mine = rs_summary_of(cpu);
	__u64 *place = hurried ? &mine->hurried : &mine->queued;
	__u32 slot = rs_slot_of(mine->slots, func);

	if (slot != RS_SLOT_NONE &&
	    !rs_pending_push(&mine->ring, rs_number_of(pointer, place), slot))
		rs_summary_forgot(cpu, slot);
}

/* Slow path: the latency begins a run, is the shortest or longest so far, or does not count. */
static __noinline int rs_summary_timed_first(struct rs_summary_cpu *mine, __u32 cpu, __u32 slot,
					     __u64 from_ns, __u64 to_ns)
{
	struct rs_tally *tally = slot == RS_SLOT_UNCOUNTED ? NULL : rs_tally_of(cpu, slot), *before;
	__u64 latency = rs_duration(from_ns, to_ns);
	struct rs_latency_run *run = &mine->runs[0];
	struct rs_buckets *buckets;

	if (!tally)
		return 0;
	if (!summary_open) {
		tally->late++;
		return 0;
	}
	if (!rs_run_goes_on(run, slot, latency))
		run = &mine->runs[1];
	if (!rs_run_goes_on(run, slot, latency)) {
		run = &mine->runs[++mine->run & (RS_RUNS - 1)];
		before = rs_tally_of(cpu, run->slot);
		buckets = rs_buckets_of(cpu, run->slot);
		if (!before || !buckets)
			return 0;
		rs_run_end(run, buckets, before);
		rs_run_begin(run, slot, latency);
	}
	rs_run_widen(run, tally, latency);
	rs_run_add(run, latency);
	return 0;
}

static __always_inline void rs_summary_timed(struct rs_summary_cpu *mine, __u32 cpu,
					     const struct rs_pending *pending)
{
	__u32 slot = rs_pending_slot(pending->key);
	__u64 now = rs_now(), latency = now - pending->ns;

	if (!summary_open)
		rs_summary_timed_first(mine, cpu, slot, pending->ns, now);
	else if (rs_run_takes(&mine->runs[0], slot, latency))
		rs_run_add(&mine->runs[0], latency);
	else if (rs_run_takes(&mine->runs[1], slot, latency))
		rs_run_add(&mine->runs[1], latency);
	else
		rs_summary_timed_first(mine, cpu, slot, pending->ns, now);
}

/*
 * State of the CPU whose ring has a callback that is invoked here. It is another CPU only if
 * callbacks are offloaded.
 */
static __always_inline struct rs_summary_cpu *rs_summary_list(struct rs_summary_cpu *mine)
{
	struct rs_batch_state *batch;
	struct rs_cpu *here;

	if (!callbacks_offloaded)
		return mine;
	here = rs_this_cpu();
	batch = here ? rs_running_batch(here) : NULL;
	return batch ? rs_summary_of(batch->list_cpu) : mine;
}

struct rs_summary_search {
	__u64 head;
	struct rs_pending found;
	__u32 found_cpu;
	bool any;
};

/* When a CPU goes offline, another CPU takes over its callbacks, in their order. */
static long rs_search_ring(__u32 cpu, struct rs_summary_search *search)
{
	struct rs_summary_cpu *other = rs_summary_of(cpu);
	struct rs_pending *entry;
	__u64 first;

	first = other->ring.first;
	if (first == other->ring.end)
		return 0;
	entry = rs_pending_at(&other->ring, first);
	if (!entry || !rs_is_pending(entry->key, search->head))
		return 0;
	search->found = *entry;
	/* The ring's own CPU may remove the entry at the same time. */
	if (__sync_val_compare_and_swap(&other->ring.first, first, first + 1) != first)
		return 0;
	search->any = true;
	search->found_cpu = cpu;
	return 1;
}

/* Searches other CPUs' rings, beginning with the one that had the last callback. */
static __always_inline void rs_search_rings(struct rs_batch_state *batch,
					    struct rs_summary_search *search)
{
	if (batch->found_on && rs_search_ring(batch->found_on - 1, search))
		return;
	if (batch->searched >= RS_PENDING_SEARCH)
		return;
	batch->searched += cpu_limit;
	bpf_loop(cpu_limit, rs_search_ring, search, 0);
	batch->found_on = search->any ? search->found_cpu + 1 : 0;
}

/* False: the queueing time is unknown. */
static __noinline int rs_summary_search_for(struct rs_summary_cpu *mine,
					    struct rs_summary_cpu *list,
					    struct rs_batch_state *batch, __u32 cpu, __u64 head)
{
	struct rs_summary_search search = { .head = head };
	__u64 searched = batch->searched;

	search.any = rs_pending_pop_any(&list->ring, head, &searched, &search.found);
	batch->searched = searched;
	if (!search.any)
		rs_search_rings(batch, &search);
	if (search.any)
		rs_summary_timed(mine, cpu, &search.found);
	return search.any;
}

/*
 * Slow path, usually for a function that is not followed, for SRCU, for a callback out of order, or
 * after a flood for one that had no room in the ring. The last must not cost more than one that
 * had.
 */
static __noinline int rs_summary_out_of_order(struct rs_summary_cpu *mine,
					      struct rs_summary_cpu *list, __u32 cpu, __u64 head,
					      __u64 func)
{
	__u32 slot = rs_slot_of(mine->slots, func);
	struct rs_cpu *here = rs_cpu_of(cpu);
	struct rs_batch_state *batch;
	struct rs_tally *tally;

	if (slot == RS_SLOT_NONE || !here)
		return 0;
	batch = rs_running_batch(here);
	if (!batch)
		return 0;
	if (!rs_pending_skip(&list->ring, head) &&
	    rs_summary_search_for(mine, list, batch, cpu, head))
		return 0;
	tally = rs_tally_of(cpu, slot);
	if (tally && slot != RS_SLOT_UNCOUNTED && summary_open)
		tally->untimed++;
	return 0;
}

/* Fast path for most callbacks. `func` is evaluated only if it is needed. */
#define rs_summary_invoked(pointer, func)                                                          \
	({                                                                                         \
		__u32 cpu_ = bpf_get_smp_processor_id();                                           \
		struct rs_summary_cpu *mine_ = rs_summary_of(cpu_),                                \
				      *list_ = rs_summary_list(mine_);                             \
		__u64 head_ = rs_number_of(pointer, &mine_->invoked);                              \
		struct rs_pending pending_;                                                        \
		if (rs_pending_pop_first(&list_->ring, head_, &pending_))                          \
			rs_summary_timed(mine_, cpu_, &pending_);                                  \
		else                                                                               \
			rs_summary_out_of_order(mine_, list_, cpu_, head_,                         \
						rs_number_of(func, &mine_->invoked));              \
	})

RS_ENTRY_PROGRAMS(summary_queued, call_rcu, (),
		  rs_summary_queued((void *)rs_argument(ctx, 0), rs_argument(ctx, 1), false))
RS_ENTRY_PROGRAMS(summary_hurry, call_rcu_hurry, (),
		  rs_summary_queued((void *)rs_argument(ctx, 0), rs_argument(ctx, 1), true))

SEC("tp_btf/rcu_callback")
int BPF_PROG(summary_queued_event, const char *flavour, struct callback_head *head)
{
	struct rs_summary_cpu *mine = rs_summary_of(bpf_get_smp_processor_id());

	rs_summary_queued(head, rs_number_of(head->func, &mine->queued), false);
	return 0;
}

/* Entry of rcu_cblist_dequeue(), which takes the first callback off the list. */
#define rs_summary_dequeue_entered(ctx, list)                                                      \
	({                                                                                         \
		struct callback_head *first_ = rs_member(ctx, list, head);                         \
		if (first_)                                                                        \
			rs_summary_invoked(first_, rs_member(ctx, first_, func));                  \
	})

RS_ENTRY_PROGRAMS(summary_dequeue, rcu_cblist_dequeue, (struct rcu_cblist * list),
		  rs_summary_dequeue_entered(ctx, list))

SEC("tp_btf/rcu_invoke_callback")
int BPF_PROG(summary_invoke_event, const char *flavour, struct callback_head *head)
{
	rs_summary_invoked(head, head->func);
	return 0;
}

#endif /* RCUSCOPE_SUMMARY_H */
