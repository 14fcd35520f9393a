/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Progress of an expedited grace period. It interrupts every CPU that is neither idle nor in user
 * mode. A CPU that is in a read-side section or has preemption off does not report at once, but at
 * the end of it. The grace period then waits for the code that it interrupted.
 */
#ifndef RCUSCOPE_EXPEDITED_H
#define RCUSCOPE_EXPEDITED_H

#include "emit.h"
#include "gp_progress.h"
#include "grace_periods.h"
#include "rcu_data.h"

/* wake: false if the task that drives the grace period reports for CPUs that need no interrupt. */
static __always_inline void rs_expedited_quiescent(struct rcu_node *node, __u64 mask, bool wake)
{
	struct rcu_data *data = rs_rcu_data(bpf_get_smp_processor_id());
	__u64 left = BPF_CORE_READ(node, expmask);
	__u16 kind = RS_QS_OTHER;

	if (!data || !(left & mask))
		return;
	if (!wake)
		kind = RS_QS_SCAN;
	else if (node == BPF_CORE_READ(data, mynode) && mask == BPF_CORE_READ(data, grpmask))
		kind = RS_QS_SELF;
	rs_send_quiescent(RS_COUNT_EXP_QUIESCENT, kind | RS_QS_EXPEDITED, rs_expedited_seq(),
			  left & mask, left & ~mask, BPF_CORE_READ(node, grplo),
			  BPF_CORE_READ(node, exp_tasks) != NULL);
}

/* This CPU was asked. If the grace period still waits for it, it could not report. */
static __always_inline void rs_expedited_asked(void *ctx)
{
	struct rcu_data *data = rs_rcu_data(bpf_get_smp_processor_id());
	struct rcu_node *node;

	if (!data)
		return;
	node = BPF_CORE_READ(data, mynode);
	if (!(BPF_CORE_READ(node, expmask) & BPF_CORE_READ(data, grpmask)))
		return;
	rs_hit(RS_COUNT_EXP_SAMPLE);
	rs_send_sample(ctx, rs_expedited_seq(), 0, RS_GP_EXPEDITED);
}

#endif /* RCUSCOPE_EXPEDITED_H */
