/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Tasks that leave the CPU within a read-side section and come back, and tasks that leave a section
 * open for good. Only preemptible RCU knows whether a task is in a section (rcu_read_lock_nesting).
 */
#ifndef RCUSCOPE_SWITCHES_H
#define RCUSCOPE_SWITCHES_H

#include "compat.h"
#include "emit.h"
#include "follow.h"

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
 * The kernel runs this program itself in a read-side section of the current task, which is still
 * the previous one. The nesting of an idle task shows how deep that is, since an idle task is never
 * switched in a section of its own. The minimum counts: an interrupt may have left a section open.
 */
#define RS_NESTING_UNKNOWN 0x7fffffff
int program_nesting = RS_NESTING_UNKNOWN;

/*
 * Linux 5.18, commit fa2c3254d7cf ("sched/tracing: Don't re-read p->state when emitting
 * sched_switch event"), added the parameter prev_state. Without it the state is read from the task,
 * where a concurrent wakeup may already have changed it.
 */
const volatile bool switch_tells_state;

/* Index of prev_state. Volatile: the compiler must not read it where the kernel does not have it.
 */
#define RS_PREV_STATE 3

static __always_inline __u16 rs_switch_flags(const volatile __u64 *ctx, bool preempt,
					     struct task_struct *prev)
{
	__u32 state;

	if (preempt)
		return RS_SWITCH_PREEMPTED;
	if (!rs_has_sleeping_locks() || !bpf_core_field_exists(prev->__state))
		return 0;
	state = switch_tells_state ? ctx[RS_PREV_STATE] : prev->__state;
	/*
	 * TASK_RUNNING: the wait was over before the task could leave the CPU, and another task has
	 * got it. Whether that was a wait for a lock is not known, and nothing is blocked.
	 */
	if (!state)
		return RS_SWITCH_PREEMPTED;
	return rs_waits_for_lock(state) ? RS_SWITCH_LOCK : 0;
}

SEC("tp_btf/sched_switch")
int BPF_PROG(sched_switch, bool preempt, struct task_struct *prev, struct task_struct *next)
{
	int leaves = prev->rcu_read_lock_nesting;
	int comes = next->rcu_read_lock_nesting;

	if (!prev->pid && leaves < program_nesting)
		program_nesting = leaves;
	leaves -= program_nesting;
	if (leaves > 0)
		rs_send_switch(RS_SWITCH_OUT, rs_switch_flags((void *)ctx, preempt, prev),
			       prev->pid, leaves);
	if (comes > 0)
		rs_send_switch(RS_SWITCH_IN, 0, next->pid, comes);
	return 0;
}

/*
 * Runs before exit_rcu() ends any open section. A task without records matters only if it is in a
 * section.
 */
SEC("tp_btf/sched_process_exit")
int BPF_PROG(task_exit, struct task_struct *task)
{
	int nesting = task->rcu_read_lock_nesting - program_nesting;
	__u64 key = rs_key_of(task->pid);

	if (program_nesting == RS_NESTING_UNKNOWN)
		return 0;
	if (nesting > 0 || bpf_map_lookup_elem(&announced, &key))
		rs_send_switch(RS_TASK_LEFT, RS_LEFT_BY_EXIT, task->pid, nesting > 0 ? nesting : 0);
	return 0;
}

/*
 * Like program_nesting, for the programs at a tick, whose nesting may differ. A tick in user mode,
 * or on an idle task, is usually outside any section. While the value is unknown, nothing is
 * reported.
 */
int own_nesting_at_tick = RS_NESTING_UNKNOWN;

/* The tick reliably says whether it interrupts user mode, where no section may be open. */
static __always_inline void rs_tick_in_section(bool user)
{
	struct task_struct *task = rs_this_task();
	int nesting;

	if (!followed_count || !bpf_core_field_exists(task->rcu_read_lock_nesting))
		return;
	nesting = task->rcu_read_lock_nesting;
	if ((user || !task->pid) && nesting < own_nesting_at_tick)
		own_nesting_at_tick = nesting;
	nesting -= own_nesting_at_tick;
	if (user && nesting > 0)
		rs_send_switch(RS_TASK_LEFT, RS_LEFT_TO_USER, task->pid, nesting);
}

#endif /* RCUSCOPE_SWITCHES_H */
