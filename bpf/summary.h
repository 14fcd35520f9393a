/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Counting in the kernel: callbacks, by function, and how long each waited from
 * call_rcu() to its invocation. No record is sent.
 *
 * The kernel runs no program of the same kind within itself on a CPU, and
 * invokes a CPU's callbacks one after the other, so what an invocation counts on
 * its CPU has one writer. Those that queue may interrupt each other.
 */
#ifndef RCUSCOPE_SUMMARY_H
#define RCUSCOPE_SUMMARY_H

#include "batches.h"
#include "callbacks.h"
#include "summary_functions.h"
#include "summary_periods.h"

/* Set before the programs are loaded. */
const volatile __u32 rs_pending_size; /* callbacks that each CPU's ring holds; a power of two */
const volatile __u32
	summary_bucket_copies; /* a power of two: CPUs that share one share its cache lines */

struct rs_summary_cpu {
	struct rs_pending_ring ring;
	__u64 queued; /* rs_number_of(); who queues may interrupt an invocation's program */
	__u64 invoked;
	struct rs_found_bucket bucket;
	__u64 slots[RS_SLOT_CACHE];
};

/* The numbers of elements are only the pattern's: user space knows how many CPUs there are. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct rs_summary_cpu);
} summary_cpus SEC(".maps");

/* CPU by CPU. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct rs_pending);
} summary_pending SEC(".maps");

/* CPU by CPU, of each slot. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct rs_tally);
} summary_tallies SEC(".maps");

/* Copy by copy, of each slot. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct rs_buckets);
} summary_buckets SEC(".maps");

static __always_inline struct rs_tally *rs_tally_of(__u32 cpu, __u32 slot)
{
	__u32 place = cpu * summary_slots + slot;

	return bpf_map_lookup_elem(&summary_tallies, &place);
}

static __always_inline struct rs_pending *rs_pending_at(__u32 cpu, __u64 position)
{
	__u32 place = cpu * rs_pending_size + ((__u32)position & (rs_pending_size - 1));

	return bpf_map_lookup_elem(&summary_pending, &place);
}

static __always_inline void rs_pending_forgot(__u32 slot)
{
	struct rs_tally *tally;

	if (slot == RS_SLOT_UNCOUNTED)
		return;
	tally = rs_tally_of(bpf_get_smp_processor_id(), slot);
	if (tally)
		__sync_fetch_and_add(&tally->forgotten, 1);
}

#define rs_pending_loop(most, body, context) bpf_loop(most, body, context, 0)

#include "pending_ring.h"

/*
 * The verifier lets a pointer of the kernel's be followed, and no number be made
 * of it: but what is read from memory is one.
 */
static __always_inline __u64 rs_number_of(const void *pointer, volatile __u64 *place)
{
	*place = (__u64)pointer;
	return *place;
}

static __always_inline void rs_summary_queued(const void *pointer, __u64 func)
{
	__u32 cpu = bpf_get_smp_processor_id(), slot;
	struct rs_summary_cpu *mine = bpf_map_lookup_elem(&summary_cpus, &cpu);
	struct rs_tally *tally = NULL;
	__u64 head;

	if (!mine)
		return;
	slot = rs_slot_of(mine->slots, func);
	if (slot == RS_SLOT_NONE)
		return;
	/* Of those that were there before it is known that they do not count. */
	if (!summary_open)
		slot = RS_SLOT_UNCOUNTED;
	else
		tally = rs_tally_of(cpu, slot);
	if (tally)
		__sync_fetch_and_add(&tally->queued, 1);
	head = rs_number_of(pointer, &mine->queued);
	if (!rs_pending_push(&mine->ring, cpu, head, slot, rs_now()) && tally)
		__sync_fetch_and_add(&tally->forgotten, 1);
}

static __always_inline void rs_summary_timed(struct rs_summary_cpu *mine, __u32 cpu,
					     const struct rs_pending *pending)
{
	__u32 slot = rs_pending_slot(pending->key), place;
	__u64 latency = rs_duration(pending->ns, rs_now());
	struct rs_buckets *buckets;
	struct rs_tally *tally;

	if (!summary_open || slot == RS_SLOT_UNCOUNTED)
		return;
	place = (cpu & (summary_bucket_copies - 1)) * summary_slots + slot;
	buckets = bpf_map_lookup_elem(&summary_buckets, &place);
	tally = rs_tally_of(cpu, slot);
	if (!buckets || !tally)
		return;
	rs_count_bucket(buckets, rs_bucket_near(&mine->bucket, latency));
	tally->timed++;
	tally->sum += latency;
	if (~latency > tally->shortest)
		tally->shortest = ~latency;
	if (latency > tally->longest)
		tally->longest = latency;
}

/* Whose ring: another CPU's only where callbacks are offloaded. */
static __always_inline __u32 rs_ring_cpu(__u32 cpu)
{
	struct rs_batch_state *batch;
	struct rs_cpu *mine;

	if (!callbacks_offloaded)
		return cpu;
	mine = rs_this_cpu();
	batch = mine ? rs_running_batch(mine) : NULL;
	return batch ? batch->list_cpu : cpu;
}

struct rs_summary_search {
	__u64 head;
	struct rs_pending found;
	bool any;
};

/* When a CPU goes offline, another one gets its callbacks, in their order. */
static long rs_search_ring(__u32 cpu, struct rs_summary_search *search)
{
	struct rs_summary_cpu *other = bpf_map_lookup_elem(&summary_cpus, &cpu);
	struct rs_pending *entry;
	__u64 first;

	if (!other)
		return 0;
	first = other->ring.first;
	if (first == other->ring.end)
		return 0;
	entry = rs_pending_at(cpu, first);
	if (!entry || !rs_is_pending(entry->key, search->head))
		return 0;
	search->found = *entry;
	/* Its own CPU may be there, too. */
	if (__sync_val_compare_and_swap(&other->ring.first, first, first + 1) != first)
		return 0;
	search->any = true;
	return 1;
}

/* Mostly of a function that is not followed; or of SRCU; or not in the order of their queueing. */
static __always_inline void rs_summary_out_of_order(__u32 cpu, __u32 ring_cpu, __u64 head,
						    __u64 func)
{
	struct rs_summary_cpu *mine = bpf_map_lookup_elem(&summary_cpus, &cpu);
	struct rs_summary_cpu *list = bpf_map_lookup_elem(&summary_cpus, &ring_cpu);
	struct rs_summary_search search = { .head = head };
	struct rs_cpu *here = rs_this_cpu();
	struct rs_tally *tally;
	__u32 slot;

	if (!mine || !list || !here)
		return;
	slot = rs_slot_of(mine->slots, func);
	if (slot == RS_SLOT_NONE || !rs_running_batch(here))
		return;
	search.any = rs_pending_pop_any(&list->ring, ring_cpu, head, &search.found);
	if (!search.any)
		bpf_loop(cpu_limit, rs_search_ring, &search, 0);
	if (search.any) {
		rs_summary_timed(mine, cpu, &search.found);
		return;
	}
	tally = rs_tally_of(cpu, slot);
	if (tally && summary_open)
		tally->untimed++;
}

/* Most need no more than this: `func` is read only if it is asked for. */
#define rs_summary_invoked(pointer, func)                                                          \
	({                                                                                         \
		__u32 cpu_ = bpf_get_smp_processor_id(), ring_cpu_ = rs_ring_cpu(cpu_);            \
		struct rs_summary_cpu *mine_ = bpf_map_lookup_elem(&summary_cpus, &cpu_);          \
		struct rs_summary_cpu *list_ = mine_;                                              \
		struct rs_pending pending_;                                                        \
		if (callbacks_offloaded)                                                           \
			list_ = bpf_map_lookup_elem(&summary_cpus, &ring_cpu_);                    \
		if (mine_ && list_) {                                                              \
			__u64 head_ = rs_number_of(pointer, &mine_->invoked);                      \
			if (rs_pending_pop_first(&list_->ring, ring_cpu_, head_, &pending_))       \
				rs_summary_timed(mine_, cpu_, &pending_);                          \
			else                                                                       \
				rs_summary_out_of_order(cpu_, ring_cpu_, head_, (__u64)(func));    \
		}                                                                                  \
	})

/* As in rs_call_rcu_fentry(). */
static __always_inline void rs_summary_queued_fentry(void *ctx)
{
	__u64 head = 0, func = 0;

	bpf_get_func_arg(ctx, 0, &head);
	bpf_get_func_arg(ctx, 1, &func);
	rs_summary_queued((void *)head, func);
}

SEC("fentry/call_rcu")
int summary_queued_fentry(void *ctx)
{
	rs_summary_queued_fentry(ctx);
	return 0;
}

SEC("fentry/call_rcu_hurry")
int summary_hurry_fentry(void *ctx)
{
	rs_summary_queued_fentry(ctx);
	return 0;
}

SEC("kprobe/call_rcu")
int BPF_KPROBE(summary_queued_kprobe, void *head, void *func)
{
	rs_summary_queued(head, (__u64)func);
	return 0;
}

SEC("kprobe/call_rcu_hurry")
int BPF_KPROBE(summary_hurry_kprobe, void *head, void *func)
{
	rs_summary_queued(head, (__u64)func);
	return 0;
}

SEC("tp_btf/rcu_callback")
int BPF_PROG(summary_queued_event, const char *flavour, struct callback_head *head)
{
	rs_summary_queued(head, (__u64)head->func);
	return 0;
}

SEC("fentry/rcu_cblist_dequeue")
int BPF_PROG(summary_dequeue_fentry, struct rcu_cblist *list)
{
	struct callback_head *head = list->head;

	if (head)
		rs_summary_invoked(head, head->func);
	return 0;
}

SEC("kprobe/rcu_cblist_dequeue")
int BPF_KPROBE(summary_dequeue_kprobe, struct rcu_cblist *list)
{
	struct callback_head *head = BPF_CORE_READ(list, head);

	if (head)
		rs_summary_invoked(head, BPF_CORE_READ(head, func));
	return 0;
}

SEC("tp_btf/rcu_invoke_callback")
int BPF_PROG(summary_invoke_event, const char *flavour, struct callback_head *head)
{
	rs_summary_invoked(head, head->func);
	return 0;
}

#endif /* RCUSCOPE_SUMMARY_H */
