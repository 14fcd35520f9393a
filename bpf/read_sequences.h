/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Reads the kernel's own grace-period sequence numbers at one moment. User space calls this when
 * the recording opens and closes.
 */
#ifndef RCUSCOPE_READ_SEQUENCES_H
#define RCUSCOPE_READ_SEQUENCES_H

#include "emit.h"
#include "grace_periods.h"

/* kernel/rcu/tree.h: RCU_GP_CLEANUP, set just before and during rcu_gp_cleanup(). */
#define RS_GP_STATE_CLEANUP 7

/* Addresses of the kernel's static variables; 0: the kernel does not have it. */
const volatile __u64 rcu_tasks_address;
const volatile __u64 rcu_tasks_trace_address;

static __always_inline __u64 rs_tasks_seq(__u64 address)
{
	struct rcu_tasks *tasks = (void *)address;

	return address ? BPF_CORE_READ(tasks, tasks_gp_seq) : 0;
}

/*
 * Both sequences only grow: if they are the same before and after reading the clock, they had that
 * value at `ns`. A normal grace period in cleanup has ended for the hooks, but not for the
 * sequence, so a moment within cleanup gives no exact answer. gp_state is read after the clock and
 * before the sequence is read again. If it is not "cleanup" and the sequence is unchanged, cleanup
 * had not begun at `ns`.
 */
SEC("syscall")
int read_sequences(struct rs_sequences *out)
{
	struct rcu_state *state = (void *)rcu_state_address;
	__u64 gp_seq = rs_gp_seq(), expedited_seq = rs_expedited_seq();
	short gp_state;

	out->ns = rs_now();
	gp_state = BPF_CORE_READ(state, gp_state);
	out->gp_seq = rs_gp_seq();
	out->expedited_seq = rs_expedited_seq();
	out->exact = out->gp_seq == gp_seq && out->expedited_seq == expedited_seq &&
		     !((gp_seq & 3) && gp_state == RS_GP_STATE_CLEANUP);
	out->tasks_seq = rs_tasks_seq(rcu_tasks_address);
	out->tasks_trace_seq = rs_tasks_seq(rcu_tasks_trace_address);
	return 0;
}

#endif /* RCUSCOPE_READ_SEQUENCES_H */
