/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Tasks that wait for a grace period (synchronize_rcu()) or for callbacks (rcu_barrier()). */
#ifndef RCUSCOPE_WAITS_H
#define RCUSCOPE_WAITS_H

#include "caller.h"
#include "emit.h"
#include "follow.h"
#include "grace_periods.h"
#include "raise.h"
#include "stacks.h"

/*
 * Number of callbacks queued when a task entered rcu_barrier(): in total and for each followed
 * module.
 */
struct rs_barrier_note {
	__u64 queued;
	__u64 of_module[RS_MAX_FOLLOWED];
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 256);
	__type(key, __u64);
	__type(value, struct rs_barrier_note);
} barrier_notes SEC(".maps");

static __always_inline void rs_barrier_began(void)
{
	struct rs_barrier_note note = { .queued = followed_queued };
	__u64 key = rs_task_key();

	for (__u32 i = 0; i < RS_MAX_FOLLOWED; i++)
		note.of_module[i] = followed_callbacks_queued[i];
	bpf_map_update_elem(&barrier_notes, &key, &note, BPF_ANY);
}

static __always_inline void rs_barrier_ended(void)
{
	__u64 key = rs_task_key();
	struct rs_barrier_note *note = bpf_map_lookup_elem(&barrier_notes, &key);

	if (!note)
		return;
	rs_raise(&followed_finished, note->queued);
	for (__u32 i = 0; i < RS_MAX_FOLLOWED; i++)
		/* Otherwise the module was loaded again meanwhile. */
		if (note->of_module[i] <= followed_callbacks_queued[i])
			rs_raise(&followed_callbacks_finished[i], note->of_module[i]);
	bpf_map_delete_elem(&barrier_notes, &key);
}

static __always_inline void rs_wait_began(void *ctx, __u16 what, enum rs_counter counter,
					  __u64 caller)
{
	struct rs_cpu *cpu = rs_this_cpu();
	struct rs_stack *stack;
	struct rs_wait *record;

	if (!cpu)
		return;
	rs_hit(counter);
	caller = rs_tail_call_caller(caller);
	if (what == RS_WAIT_RCU_BARRIER)
		rs_barrier_began();
	if (what == RS_WAIT_SYNCHRONIZE_RCU_EXPEDITED && !exp_asked_ns)
		exp_asked_ns = rs_now();
	stack = rs_begin_stack(cpu);
	record = rs_begin(rs_wait, cpu, RS_WAIT_BEGIN, what);
	rs_send_stack(ctx, stack, record ? &record->h : NULL);
	if (!record)
		return;
	record->caller = caller;
	rs_send(record);
}

static __always_inline void rs_wait_ended(__u16 what)
{
	struct rs_cpu *cpu = rs_this_cpu();
	struct rs_wait *record;

	if (!cpu)
		return;
	if (what == RS_WAIT_RCU_BARRIER)
		rs_barrier_ended();
	record = rs_begin(rs_wait, cpu, RS_WAIT_END, what);
	if (!record)
		return;
	record->caller = 0;
	rs_send(record);
}

#endif /* RCUSCOPE_WAITS_H */
