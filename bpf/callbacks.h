/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Callbacks: queueing, and assignment to a grace period. batches.h has invocation and end. */
#ifndef RCUSCOPE_CALLBACKS_H
#define RCUSCOPE_CALLBACKS_H

#include "caller.h"
#include "compat.h"
#include "context.h"
#include "emit.h"
#include "follow.h"
#include "rcu_data.h"
#include "stacks.h"
#include "summary_functions.h"

#include <linux/errno.h>

/*
 * On CPUs with offloaded callbacks call_rcu() delays callbacks until something else needs a grace
 * period.
 */
const volatile bool callbacks_lazy;

/* Queued heads that are followed because of their caller, not because of their function. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__type(key, __u64);
	__type(value, __u8);
} queued_by_followed SEC(".maps");

__u64 queued_by_followed_count;

/* False: the map is full, so the callback's invocation cannot be recognized. */
static __always_inline bool rs_expect_invocation(__u64 head)
{
	__u8 one = 1;
	/*
	 * An existing entry means that the head is queued twice, or that its invocation was not
	 * seen.
	 */
	long error = bpf_map_update_elem(&queued_by_followed, &head, &one, BPF_NOEXIST);

	if (!error)
		__sync_fetch_and_add(&queued_by_followed_count, 1);
	return !error || error == -EEXIST;
}

/*
 * Offloaded callbacks may first go to a bypass list, which is later appended to the CPU's own list
 * as a whole (rcu_nocb_try_bypass()). While it holds any callback, all later ones go there, too. So
 * it holds the callbacks since the last one that found it empty or for which it was flushed.
 */
struct rs_bypass {
	__u64 queued_ns; /* time of the newest callback */
	__u64 since_ns;	 /* time of the first callback in the bypass list, if any */
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, RS_MAX_CPUS);
	__type(key, __u32);
	__type(value, struct rs_bypass);
} bypasses SEC(".maps");

/* A callback is about to be queued on this CPU. NULL: it has no record. */
static __always_inline void rs_note_bypass(const struct rs_header *record)
{
	struct rs_bypass *bypass;
	struct rcu_data *data;
	__u64 ns;
	__u32 cpu;

	if (!callbacks_offloaded)
		return;
	ns = record ? record->ns : rs_now();
	cpu = bpf_get_smp_processor_id();
	data = rs_rcu_data(cpu);
	bypass = bpf_map_lookup_elem(&bypasses, &cpu);
	if (!data || !bypass)
		return;
	bypass->queued_ns = ns;
	if (!rs_bypassed(data))
		bypass->since_ns = ns;
}

/* The kernel empties the bypass list, then puts `head` on it unless that is NULL. */
static __always_inline void rs_bypass_flushed(struct rcu_cblist *bypassed, void *head)
{
	struct rcu_data *data =
		(void *)bypassed - bpf_core_field_offset(struct rcu_data___nocb, nocb_bypass);
	__u32 cpu = BPF_CORE_READ(data, cpu);
	struct rs_bypass *bypass = bpf_map_lookup_elem(&bypasses, &cpu);

	rs_hit(RS_COUNT_CB_BYPASS);
	if (bypass && head)
		bypass->since_ns = bypass->queued_ns;
}

static __always_inline __u64 rs_bypass_since(__u32 list_cpu)
{
	struct rs_bypass *bypass;
	struct rcu_data *data;

	if (!callbacks_offloaded)
		return 0;
	bypass = bpf_map_lookup_elem(&bypasses, &list_cpu);
	data = rs_rcu_data(list_cpu);
	return bypass && data && rs_bypassed(data) ? bypass->since_ns : 0;
}

/*
 * Whether RCU may delay what is queued on this CPU. call_rcu() is also not lazy before the system
 * has booted, which is over.
 */
static __always_inline bool rs_is_lazy(enum rs_counter counter)
{
	struct rcu_data *data;

	if (!callbacks_lazy || !callbacks_offloaded || counter == RS_COUNT_CB_HURRY)
		return false;
	data = rs_rcu_data(bpf_get_smp_processor_id());
	return data && rs_callback_kthread(data);
}

/*
 * The callback's invocation and end will not be seen. They count as lost now, since their times are
 * not known.
 */
static __always_inline void rs_lose_end(struct rs_cpu *cpu)
{
	__sync_fetch_and_add(&cpu->lost_callbacks.invoked, 1);
	__sync_fetch_and_add(&cpu->lost_callbacks.done, 1);
	rs_count_loss(cpu, 2);
}

/* `function`: address of the function that was entered, to tell a call from a jump; 0: unknown. */
static __always_inline void rs_call_rcu(void *ctx, struct rs_cpu *cpu, enum rs_counter counter,
					__u64 head, __u64 func, __u64 caller, __u64 function)
{
	struct rs_cb_queued *record;
	struct rs_stack *stack;
	__u16 flags = 0;
	int module;

	rs_hit_on(cpu, counter);
	caller = rs_tail_call_caller(caller);
	module = rs_followed_code(func);
	if (module >= 0)
		__sync_fetch_and_add(&followed_callbacks_queued[rs_bounded_index(module)], 1);
	if (module < 0 && !all_callbacks) {
		if (!rs_followed_called(caller)) {
			rs_note_bypass(NULL);
			return;
		}
		if (!rs_expect_invocation(head))
			flags = RS_CB_END_UNSEEN;
	}
	/* The kernel itself almost never queues a module's function. */
	if (module >= 0 && function && !rs_followed_called(caller) &&
	    !rs_called_from(caller, function))
		flags |= RS_CB_JUMPED;
	flags |= rs_context_flags();
	if (flags & RS_CB_END_UNSEEN)
		rs_lose_end(cpu);
	else
		__sync_fetch_and_add(&followed_queued, 1);
	if (rs_is_lazy(counter))
		flags |= RS_CB_LAZY;
	stack = rs_begin_stack(cpu);
	record = rs_begin(rs_cb_queued, cpu, RS_CB_QUEUED, flags);
	rs_note_bypass(record ? &record->h : NULL);
	rs_send_stack(ctx, stack, record ? &record->h : NULL);
	if (!record) {
		__sync_fetch_and_add(&cpu->lost_callbacks.queued, 1);
		return;
	}
	record->head = head;
	record->func = func;
	record->caller = caller;
	rs_send(record);
}

static __always_inline void rs_call_rcu_entered(void *ctx, enum rs_counter counter, __u64 head,
						__u64 func, __u64 caller, __u64 function)
{
	struct rs_cpu *cpu = rs_this_cpu();

	if (cpu)
		rs_call_rcu(ctx, cpu, counter, head, func, caller, function);
}

/* SRCU uses such lists, too; each list of RCU is in a CPU's rcu_data. Returns that CPU, or -1. */
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
	/* Counting in the kernel keeps its own counts. */
	return all_callbacks || summary_wanted || followed_queued != followed_done ||
	       queueing_unseen;
}

static __always_inline void rs_assigned(struct rcu_segcblist *list, __u64 gp_seq)
{
	struct rs_cb_assigned *record;
	struct rs_cpu *cpu = rs_this_cpu();
	int list_cpu = rs_list_cpu(list);

	if (!cpu || list_cpu < 0)
		return;
	rs_hit_on(cpu, RS_COUNT_CB_ASSIGNED);
	/*
	 * There are many lists, and they live long. Send nothing while no followed callback is on
	 * any of them.
	 */
	if (!rs_callbacks_pending())
		return;
	record = rs_begin(rs_cb_assigned, cpu, RS_CB_ASSIGNED, 0);
	if (!record)
		return;
	record->gp_seq = gp_seq;
	record->list_cpu = list_cpu;
	record->reserved = 0;
	record->bypass_ns = rs_bypass_since(list_cpu);
	rs_send(record);
}

/*
 * State that the entry of rcu_segcblist_accelerate() keeps until it returns. The function runs with
 * interrupts off, so one entry per CPU is enough.
 */
struct rs_accelerate {
	struct rcu_segcblist *list;
	__u64 gp_seq;
	/* Where expedited grace periods release callbacks, too: see rs_cb_assigned_either. */
	__u64 expedited_seq;
	__u64 reassigned_seq;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct rs_accelerate);
} accelerating SEC(".maps");

static __always_inline void rs_accelerate_entered(struct rcu_segcblist *list, __u64 gp_seq)
{
	__u32 zero = 0;
	struct rs_accelerate *args = bpf_map_lookup_elem(&accelerating, &zero);

	if (args) {
		args->list = list;
		args->gp_seq = gp_seq;
	}
}

static __always_inline void rs_accelerate_returned(bool assigned)
{
	__u32 zero = 0;
	struct rs_accelerate *args = bpf_map_lookup_elem(&accelerating, &zero);

	if (args && assigned)
		rs_assigned(args->list, args->gp_seq);
}

/*
 * Expedited sequence number of the oldest segment that rcu_segcblist_accelerate() is about to merge
 * with the callbacks that have none yet. If there is no such segment: `wanted` itself. Only the
 * list shows it: callbacks that wait for the same normal grace period may have been released by an
 * expedited one, and then keep their number.
 */
static __always_inline __u64 rs_reassigned_from(struct rcu_segcblist *list, struct rs_wanted wanted)
{
	__u64 from = wanted.exp;

	for (__u32 segment = RS_LAST_WAITING; segment >= RS_FIRST_WAITING; segment--) {
		struct rs_wanted has = rs_segment_wanted(list, segment);

		if (BPF_CORE_READ(list, tails[segment - 1]) == BPF_CORE_READ(list, tails[segment]))
			continue; /* empty */
		if ((__s64)(has.norm - wanted.norm) < 0)
			break;
		from = has.exp;
	}
	return from;
}

/* Lists of SRCU come here, too, with an expedited number that means "none". */
static __always_inline void rs_accelerate_either_entered(struct rcu_segcblist *list,
							 struct rcu_gp_seq___norm_exp *state)
{
	struct rs_wanted wanted = {};
	struct rs_accelerate *args;
	__u32 zero = 0;

	if (!bpf_core_type_exists(struct rcu_gp_seq___norm_exp))
		return;
	args = bpf_map_lookup_elem(&accelerating, &zero);
	if (!args)
		return;
	args->list = NULL;
	if (rs_list_cpu(list) < 0)
		return;
	wanted.norm = BPF_CORE_READ(state, norm);
	wanted.exp = BPF_CORE_READ(state, exp);
	args->list = list;
	args->gp_seq = wanted.norm;
	args->expedited_seq = wanted.exp;
	args->reassigned_seq = rs_reassigned_from(list, wanted);
}

static __always_inline void rs_accelerate_either_returned(bool assigned)
{
	struct rs_cb_assigned_either *record;
	struct rs_cpu *cpu = rs_this_cpu();
	struct rs_accelerate *args;
	__u32 zero = 0;
	int list_cpu;

	args = bpf_map_lookup_elem(&accelerating, &zero);
	if (!args || !cpu || !assigned || !args->list)
		return;
	list_cpu = rs_list_cpu(args->list);
	args->list = NULL;
	if (list_cpu < 0)
		return;
	rs_hit_on(cpu, RS_COUNT_CB_ASSIGNED);
	/*
	 * The numbers of callbacks queued and done do not tell whether any is pending: programs are
	 * preempted on such kernels, and then miss calls of call_rcu().
	 */
	if (!all_callbacks && !followed_queued)
		return;
	record = rs_begin(rs_cb_assigned_either, cpu, RS_CB_ASSIGNED_EITHER, 0);
	if (!record)
		return;
	record->gp_seq = args->gp_seq;
	record->expedited_seq = args->expedited_seq;
	record->reassigned_seq = args->reassigned_seq;
	record->list_cpu = list_cpu;
	record->reserved = 0;
	record->bypass_ns = rs_bypass_since(list_cpu);
	rs_send(record);
}

#endif /* RCUSCOPE_CALLBACKS_H */
