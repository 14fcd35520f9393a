/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Detects what kprobes miss. The kernel handles no kprobe while it handles another one on the CPU
 * (kprobe_running() and current_kprobe). It also runs no BPF program from a kprobe while another
 * such program runs (trace_call_bpf() and bpf_prog_active), and 6.1 does not count what it skipped.
 * An interrupt during such a program may continue with RCU's softirq: a whole batch of callbacks is
 * then not seen. Tracepoint programs do run there, and RCU's own counters show whether anything was
 * missed. While no followed callback is pending, nothing relevant is missed.
 */
#ifndef RCUSCOPE_MISSED_KPROBES_H
#define RCUSCOPE_MISSED_KPROBES_H

#include "callbacks.h"
#include "compat.h"
#include "emit.h"
#include "rcu_data.h"

/* include/linux/interrupt.h */
#define RS_RCU_SOFTIRQ 9

extern const int bpf_prog_active __ksym;
extern struct kprobe *current_kprobe __ksym;

/*
 * If false, RCU is observed by fentry, which has no such gap; only calls of followed callbacks'
 * functions are missed.
 */
const volatile bool rcu_by_kprobe;

struct rs_unwatched {
	__u64 since_ns; /* 0: nothing is skipped now */
	__u64 invoked;
	__u64 callbacks_done;
	/* Tail of each segment of the CPU's list, and what the callbacks of the two wait for. */
	__u64 tails[4];
	struct rs_wanted first;
	struct rs_wanted last;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct rs_unwatched);
} unwatched SEC(".maps");

static __always_inline void rs_read_progress(struct rs_unwatched *progress, struct rs_cpu *state)
{
	struct rcu_data *data = rs_rcu_data(bpf_get_smp_processor_id());
	struct rcu_segcblist *list;

	progress->invoked = BPF_CORE_READ(data, n_cbs_invoked);
	BPF_CORE_READ_INTO(&progress->tails, data, cblist.tails);
	list = (void *)data + bpf_core_field_offset(data->cblist);
	progress->first = rs_segment_wanted(list, RS_FIRST_WAITING);
	progress->last = rs_segment_wanted(list, RS_LAST_WAITING);
	progress->callbacks_done = state->callbacks_done;
}

static __always_inline bool rs_same_wanted(struct rs_wanted a, struct rs_wanted b)
{
	return a.norm == b.norm && a.exp == b.exp;
}

SEC("tp_btf/softirq_entry")
int BPF_PROG(skipped_entry, unsigned int vector)
{
	const int *active = bpf_this_cpu_ptr(&bpf_prog_active);
	struct kprobe **handled = bpf_this_cpu_ptr(&current_kprobe);
	__u32 zero = 0;
	struct rs_unwatched *before = bpf_map_lookup_elem(&unwatched, &zero);
	struct rs_cpu *cpu = rs_this_cpu();

	if (vector != RS_RCU_SOFTIRQ || !before || !cpu)
		return 0;
	before->since_ns = (*active || *handled) && rs_callbacks_pending() ? rs_now() : 0;
	if (before->since_ns)
		rs_read_progress(before, cpu);
	return 0;
}

SEC("tp_btf/softirq_exit")
int BPF_PROG(skipped_exit, unsigned int vector)
{
	__u32 zero = 0;
	struct rs_unwatched *before = bpf_map_lookup_elem(&unwatched, &zero), now = {};
	struct rs_cpu *cpu = rs_this_cpu();
	__u64 count;

	if (vector != RS_RCU_SOFTIRQ || !before || !before->since_ns || !cpu)
		return 0;
	rs_read_progress(&now, cpu);
	if (!rcu_by_kprobe) {
		__sync_fetch_and_add(&cpu->calls_skipped,
				     now.callbacks_done - before->callbacks_done);
		return 0;
	}
	count = now.invoked - before->invoked;
	/*
	 * Callbacks were assigned to a grace period: one record per list. They may have joined a
	 * segment that already waits for the same one; its gp_seq then stays.
	 */
	if (!count)
		count = !rs_same_wanted(now.first, before->first) ||
			!rs_same_wanted(now.last, before->last) ||
			now.tails[1] != before->tails[1] || now.tails[2] != before->tails[2];
	if (!count)
		return 0;
	__sync_fetch_and_add(&cpu->refused, count);
	rs_count_losses(cpu, before->since_ns, rs_now(), count);
	return 0;
}

#endif /* RCUSCOPE_MISSED_KPROBES_H */
