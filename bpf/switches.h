/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Tasks that leave the CPU within a read-side section, and come back. Only
 * preemptible RCU knows whether a task is within one (rcu_read_lock_nesting).
 */
#ifndef RCUSCOPE_SWITCHES_H
#define RCUSCOPE_SWITCHES_H

#include "emit.h"

static __always_inline void rs_send_switch(__u16 kind, __u16 flags, __u32 tid, __u32 nesting)
{
	struct rs_cpu *cpu = rs_this_cpu();
	struct rs_switch *record;

	if (!cpu)
		return;
	rs_hit(RS_COUNT_SWITCH);
	record = rs_begin(rs_switch, cpu, kind, flags);
	if (!record)
		return;
	record->h.tid = tid;
	record->nesting = nesting;
	record->reserved = 0;
	rs_send(record);
}

/*
 * The kernel runs the program itself within a section of the current task,
 * which is still the previous one. How deep that is shows an idle task, which
 * is never switched in one of its own.
 */
int own_nesting = 1;

SEC("tp_btf/sched_switch")
int BPF_PROG(sched_switch, bool preempt, struct task_struct *prev, struct task_struct *next)
{
	int leaves = prev->rcu_read_lock_nesting;
	int comes = next->rcu_read_lock_nesting;

	if (!prev->pid && own_nesting != leaves)
		own_nesting = leaves;
	leaves -= own_nesting;
	if (leaves > 0)
		rs_send_switch(RS_SWITCH_OUT, preempt ? RS_SWITCH_PREEMPTED : 0, prev->pid, leaves);
	if (comes > 0)
		rs_send_switch(RS_SWITCH_IN, 0, next->pid, comes);
	return 0;
}

#endif /* RCUSCOPE_SWITCHES_H */
