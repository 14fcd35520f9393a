/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Observes RCU by its own tracepoints (the group `rcu`, with CONFIG_RCU_TRACE).
 *
 * Each event means the same as the entry or return of a function that is probed on other kernels,
 * and lies between the two:
 *
 *   start      in rcu_gp_init(), when gp_seq advances: the exact moment.
 *   end        rcu_gp_cleanup() announces the end to the root first. The root
 *              is locked then, and interrupts are off, so no callback that the
 *              end releases has run. The tracepoint "end" comes later, after
 *              every leaf: the end has been announced everywhere.
 *   queued     in call_rcu(), after the callback is on the list, with
 *              interrupts still off: it is not assigned before.
 *   invoked    after rcu_cblist_dequeue() returned the callback, before its function.
 *   done       the next invocation, or the end of the batch.
 *
 * Most tracepoints tell their events apart by a string. A program is not called while it already
 * runs on the CPU. Many kernels call these programs with preemption off; on others they can be
 * preempted. The events that matter here occur with interrupts off, or in one thread, so a program
 * misses none of its own events on either.
 */
#ifndef RCUSCOPE_TRACEPOINTS_H
#define RCUSCOPE_TRACEPOINTS_H

#include "batches.h"
#include "callbacks.h"
#include "caller.h"
#include "emit.h"
#include "gp_progress.h"
#include "grace_periods.h"
#include "rcu_data.h"
#include "tracepoint_caller.h"
#include "waits.h"

/* Functions that queue callbacks and wait for them, from kallsyms. */
const volatile struct rs_range call_rcu_code;
const volatile struct rs_range rcu_barrier_code;

#define RS_EVENT_LEN 16 /* more than the longest string that is compared */

static __always_inline bool rs_event_is(const char *event, const char *word)
{
	char text[RS_EVENT_LEN];

	return bpf_probe_read_kernel_str(text, sizeof(text), event) > 0 &&
	       !bpf_strncmp(text, sizeof(text), word);
}

SEC("tp_btf/rcu_grace_period")
int BPF_PROG(gp_start_event, const char *flavour, unsigned long gp_seq, const char *event)
{
	if (!rs_event_is(event, "start"))
		return 0;
	gp_scans = 0;
	rs_hit(RS_COUNT_GP_START);
	rs_send_gp_start(gp_seq, RS_THIS_MOMENT, 0);
	return 0;
}

/*
 * The tracepoint fires for each node, from the root down, while gp_seq is still that of the grace
 * period. Afterwards it fires once more for the root.
 */
SEC("tp_btf/rcu_future_grace_period")
int BPF_PROG(gp_end_event, const char *flavour, unsigned long gp_seq, unsigned long wanted,
	     __u8 level, int first_cpu, int last_cpu, const char *event)
{
	if (!level && (rs_gp_seq() & 3) &&
	    (rs_event_is(event, "Cleanup") || rs_event_is(event, "CleanupMore")))
		rs_gp_cleanup_entered();
	return 0;
}

SEC("tp_btf/rcu_grace_period")
int BPF_PROG(gp_cleaned_event, const char *flavour, unsigned long gp_seq, const char *event)
{
	if (rs_event_is(event, "end"))
		rs_send_gp(RS_GP_CLEANED, gp_seq, 0);
	return 0;
}

SEC("tp_btf/rcu_future_grace_period")
int BPF_PROG(gp_request_event, const char *flavour, unsigned long gp_seq, unsigned long wanted,
	     __u8 level, int first_cpu, int last_cpu, const char *event)
{
	if (rs_event_is(event, "Startleaf"))
		rs_gp_requested(wanted);
	return 0;
}

/* A mask of 0 is no CPU's report: a task had been preempted in a section, and has left it. */
SEC("tp_btf/rcu_quiescent_state_report")
int BPF_PROG(quiescent_event, const char *flavour, unsigned long gp_seq, unsigned long mask,
	     unsigned long left, __u8 level, int first_cpu, int last_cpu, int blocked)
{
	if (mask && rs_leaf_level(level))
		rs_send_quiescent(RS_COUNT_GP_QUIESCENT, rs_quiescent_kind(mask), gp_seq, mask,
				  left, first_cpu, blocked);
	return 0;
}

SEC("tp_btf/rcu_grace_period")
int BPF_PROG(scan_event, const char *flavour, unsigned long gp_seq, const char *event)
{
	if (rs_event_is(event, "fqsstart"))
		rs_scan_began();
	return 0;
}

SEC("tp_btf/rcu_exp_grace_period")
int BPF_PROG(exp_start_event, const char *flavour, unsigned long wanted, const char *event)
{
	if (rs_event_is(event, "start"))
		rs_expedited_started();
	return 0;
}

SEC("tp_btf/rcu_exp_grace_period")
int BPF_PROG(exp_end_event, const char *flavour, unsigned long wanted, const char *event)
{
	if (rs_event_is(event, "end"))
		rs_expedited_ended(wanted);
	return 0;
}

SEC("tp_btf/rcu_callback")
int BPF_PROG(call_rcu_event, const char *flavour, struct callback_head *head)
{
	struct rs_cpu *cpu = rs_this_cpu();

	if (cpu)
		rs_call_rcu(ctx, cpu, RS_COUNT_CB_QUEUED, (__u64)head,
			    rs_number_of(head->func, &cpu->queued_func),
			    rs_frequent_caller(&cpu->call_rcu_frame, ctx, &call_rcu_code), 0);
	return 0;
}

/*
 * The tracepoint does not name the CPU whose callbacks run. It is this CPU unless callbacks are
 * offloaded.
 */
SEC("tp_btf/rcu_batch_start")
int BPF_PROG(batch_start_event)
{
	rs_batch_entered(rs_rcu_data(bpf_get_smp_processor_id()));
	return 0;
}

SEC("tp_btf/rcu_invoke_callback")
int BPF_PROG(invoke_event, const char *flavour, struct callback_head *head)
{
	struct rs_cpu *cpu = rs_this_cpu();

	if (cpu)
		rs_dequeued_in_batch(cpu, (__u64)head,
				     rs_number_of(head->func, &cpu->invoked_func));
	return 0;
}

SEC("tp_btf/rcu_batch_end")
int BPF_PROG(batch_end_event)
{
	rs_batch_returned();
	return 0;
}

SEC("tp_btf/rcu_barrier")
int BPF_PROG(barrier_event, const char *flavour, const char *event)
{
	if (rs_event_is(event, "Begin"))
		rs_wait_began(ctx, RS_WAIT_RCU_BARRIER, RS_COUNT_WAIT_BARRIER,
			      rs_tracepoint_caller(ctx, &rcu_barrier_code));
	else if (rs_event_is(event, "Inc2") || rs_event_is(event, "EarlyExit"))
		rs_wait_ended(RS_WAIT_RCU_BARRIER);
	return 0;
}

#endif /* RCUSCOPE_TRACEPOINTS_H */
