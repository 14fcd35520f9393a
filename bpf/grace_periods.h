/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Begin and end of grace periods, normal and expedited.
 *
 * Normal: rcu_gp_init() advances rcu_state.gp_seq early and returns true, so the start lies between
 * its entry and its return. The kernel enters rcu_gp_cleanup() when the last quiescent state was
 * reported. It releases callbacks CPU by CPU before it advances rcu_state.gp_seq. Its entry is
 * therefore the last moment that is certainly before the first released callback runs, and counts
 * as the end.
 */
#ifndef RCUSCOPE_GRACE_PERIODS_H
#define RCUSCOPE_GRACE_PERIODS_H

#include "emit.h"
#include "summary_periods.h"

/* Address of the kernel's static variable, from kallsyms. Set before loading. */
const volatile __u64 rcu_state_address;

/* Each variable has one writer at a time: there is one grace-period kthread. */
__u64 gp_init_ns;
__u64 gp_scans; /* forced quiescent-state scans in this grace period */
__u64 gp_cleanup_seq;
__u64 exp_end_ns;
__u64 exp_ending_seq; /* the newest expedited one whose end was reported before the sequence
			 advanced */
/* First request for an expedited grace period since the last one began. */
__u64 exp_asked_ns;

static __always_inline __u64 rs_gp_seq(void)
{
	struct rcu_state *state = (void *)rcu_state_address;

	return BPF_CORE_READ(state, gp_seq);
}

static __always_inline __u64 rs_expedited_seq(void)
{
	struct rcu_state *state = (void *)rcu_state_address;

	return BPF_CORE_READ(state, expedited_sequence);
}

#define RS_THIS_MOMENT (~0ULL)

/* since_ns: RS_THIS_MOMENT if the hook sees the exact moment. */
static __always_inline void rs_send_gp_start(__u64 gp_seq, __u64 since_ns, __u16 flags)
{
	struct rs_cpu *cpu = rs_this_cpu();
	struct rs_gp_start *record;

	if (!cpu)
		return;
	if (summary_wanted) {
		rs_period_started(flags & RS_GP_EXPEDITED, gp_seq, rs_now());
		return;
	}
	record = rs_begin(rs_gp_start, cpu, RS_GP_START, flags);
	if (!record)
		return;
	record->gp_seq = gp_seq;
	record->since_ns = since_ns == RS_THIS_MOMENT ? record->h.ns : since_ns;
	rs_send(record);
}

static __always_inline void rs_send_gp(__u16 kind, __u64 gp_seq, __u16 flags)
{
	struct rs_cpu *cpu = rs_this_cpu();
	struct rs_gp *record;

	if (!cpu)
		return;
	if (summary_wanted) {
		if (kind == RS_GP_END)
			rs_period_ended(flags & RS_GP_EXPEDITED, gp_seq, rs_now());
		return;
	}
	record = rs_begin(rs_gp, cpu, kind, flags);
	if (!record)
		return;
	record->gp_seq = gp_seq;
	rs_send(record);
}

static __always_inline void rs_gp_init_entered(void)
{
	gp_scans = 0;
	gp_init_ns = rs_now();
}

static __always_inline void rs_gp_init_returned(bool started)
{
	if (!started)
		return;
	rs_hit(RS_COUNT_GP_START);
	rs_send_gp_start(rs_gp_seq(), gp_init_ns, 0);
}

static __always_inline void rs_gp_cleanup_entered(void)
{
	rs_hit(RS_COUNT_GP_END);
	gp_cleanup_seq = rs_gp_seq();
	rs_send_gp(RS_GP_END, gp_cleanup_seq, 0);
}

static __always_inline void rs_gp_cleanup_returned(void)
{
	rs_send_gp(RS_GP_CLEANED, gp_cleanup_seq, 0);
}

/*
 * Expedited: the first requester advances the sequence in a function that is inlined.
 * sync_rcu_exp_select_cpus() is the first function after it that can be probed. rcu_exp_wait_wake()
 * waits for the readers, advances the sequence and wakes the waiters. Its return is the best known
 * time of the end.
 */
static __always_inline void rs_expedited_started(void)
{
	__u64 asked_ns = __sync_lock_test_and_set(&exp_asked_ns, 0);

	rs_hit(RS_COUNT_EXP_START);
	rs_send_gp_start(rs_expedited_seq(), asked_ns ? asked_ns : exp_end_ns, RS_GP_EXPEDITED);
}

/*
 * Entry of rcu_poll_gp_seq_end_unlocked(), which rcu_exp_gp_seq_end() calls right before it
 * advances the sequence. Used where the end releases callbacks.
 */
static __always_inline void rs_expedited_ending(unsigned long *snap)
{
	struct rcu_state *state = (void *)rcu_state_address;
	__u64 gp_seq = rs_expedited_seq();

	if ((__u64)snap != rcu_state_address + bpf_core_field_offset(state->gp_seq_polled_exp_snap))
		return;
	rs_send_gp(RS_GP_END, gp_seq, RS_GP_EXPEDITED);
	exp_ending_seq = gp_seq;
}

/* The sequence has advanced since the start; the grace period's own value is the one before. */
static __always_inline void rs_expedited_ended(__u64 wanted)
{
	/*
	 * wanted: value of the sequence after the end; subtract one counter step, add "in
	 * progress".
	 */
	__u64 gp_seq = wanted - 4 + 1;

	rs_hit(RS_COUNT_EXP_END);
	exp_end_ns = rs_now();
	rs_send_gp(exp_ending_seq == gp_seq ? RS_GP_CLEANED : RS_GP_END, gp_seq, RS_GP_EXPEDITED);
}

/*
 * A kretprobe cannot read the argument, so the entry stores it. The key is the task, since the next
 * grace period may begin while this one still wakes its waiters.
 */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 64);
	__type(key, __u64);
	__type(value, __u64);
} exp_wanted SEC(".maps");

static __always_inline void rs_expedited_wait_entered(__u64 wanted)
{
	__u64 key = rs_task_key();

	bpf_map_update_elem(&exp_wanted, &key, &wanted, BPF_ANY);
}

static __always_inline void rs_expedited_wait_returned(void)
{
	__u64 key = rs_task_key();
	__u64 *wanted = bpf_map_lookup_elem(&exp_wanted, &key);

	if (wanted)
		rs_expedited_ended(*wanted);
}

#endif /* RCUSCOPE_GRACE_PERIODS_H */
