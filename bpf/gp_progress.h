/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Progress of a grace period: its first request, when and how each CPU's quiescent state is
 * reported, each forced scan, and stack samples of the CPUs for which it still waits.
 */
#ifndef RCUSCOPE_GP_PROGRESS_H
#define RCUSCOPE_GP_PROGRESS_H

#include "compat.h"
#include "emit.h"
#include "grace_periods.h"
#include "rcu_data.h"
#include "ticks.h"

/* kernel/rcu/tree.h: RCU_GP_DOING_FQS, a state of rcu_state.gp_state */
#define RS_GP_STATE_DOING_FQS 6

/* The newest grace period that was requested. */
__u64 gp_requested_seq;

static __always_inline void rs_gp_requested(__u64 wanted)
{
	/* Each CPU requests it repeatedly; only the first request counts. Sequence numbers wrap. */
	if (gp_requested_seq && (__s64)(wanted - gp_requested_seq) <= 0)
		return;
	gp_requested_seq = wanted;
	rs_hit(RS_COUNT_GP_REQUESTED);
	/*
	 * wanted: value of the sequence after the end; subtract one counter step, add "in
	 * progress".
	 */
	rs_send_gp(RS_GP_REQUESTED, wanted - 4 + 1, 0);
}

static __always_inline __u16 rs_quiescent_kind(__u64 mask)
{
	struct rcu_state *state = (void *)rcu_state_address;
	__u32 cpu = bpf_get_smp_processor_id();
	short gp_state = BPF_CORE_READ(state, gp_state);

	if ((__u64)BPF_CORE_READ(state, gp_kthread) == bpf_get_current_task())
		return gp_state == RS_GP_STATE_DOING_FQS ? RS_QS_SCAN : RS_QS_INIT;
	if (mask == BPF_CORE_READ(rs_rcu_data(cpu), grpmask))
		return RS_QS_SELF;
	return RS_QS_OTHER;
}

/* Only leaf nodes represent CPUs; all leaves are on one level. */
static __always_inline bool rs_leaf_level(__u8 level)
{
	struct rcu_node *leaf = BPF_CORE_READ(rs_rcu_data(bpf_get_smp_processor_id()), mynode);

	return level == BPF_CORE_READ(leaf, level);
}

static __always_inline void rs_send_quiescent(enum rs_counter counter, __u16 kind, __u64 gp_seq,
					      __u64 mask, __u64 left, __u32 first_cpu, bool blocked)
{
	struct rs_cpu *cpu = rs_this_cpu();
	struct rs_gp_quiescent *record;

	if (!cpu)
		return;
	rs_hit(counter);
	record = rs_begin(rs_gp_quiescent, cpu, RS_GP_QUIESCENT, kind);
	if (!record)
		return;
	record->gp_seq = gp_seq;
	record->mask = mask;
	record->left = left;
	record->first_cpu = first_cpu;
	record->blocked = blocked;
	rs_send(record);
}

/* The node is locked. The kernel function itself continues towards the root. */
static __always_inline void rs_quiescent(__u64 mask, struct rcu_node *node, __u64 gp_seq)
{
	__u64 left = BPF_CORE_READ(node, qsmask);

	if (!(left & mask) || BPF_CORE_READ(node, gp_seq) != gp_seq ||
	    !rs_leaf_level(BPF_CORE_READ(node, level)))
		return;
	rs_send_quiescent(RS_COUNT_GP_QUIESCENT, rs_quiescent_kind(left & mask), gp_seq,
			  left & mask, left & ~mask, BPF_CORE_READ(node, grplo),
			  BPF_CORE_READ(node, gp_tasks) != NULL);
}

/* `reader`: on the list of the node. RS_BLOCKED_LOCK and RS_BLOCKED_BOOSTED. */
static __always_inline __u16 rs_blocked_flags(struct rcu_node *node, struct task_struct *reader)
{
	__u16 flags = 0;

	if (bpf_core_field_exists(reader->__state) &&
	    rs_waits_for_lock(BPF_CORE_READ(reader, __state)))
		flags |= RS_BLOCKED_LOCK;
	if (bpf_core_field_exists(node->boost_mtx.rtmutex.owner) &&
	    ((__u64)BPF_CORE_READ(node, boost_mtx.rtmutex.owner) & ~1ULL) == (__u64)reader)
		flags |= RS_BLOCKED_BOOSTED;
	return flags;
}

struct rs_blocked_walk {
	struct rcu_node *seen; /* the leaf that was examined last */
	__u16 flags;
};

/*
 * Sends a task that was preempted in a section and for which the grace period waits. flags:
 * RS_GP_EXPEDITED for the expedited one.
 *
 * CPU numbers may have holes, and a leaf may begin with one. At the address where the rcu_data of
 * such a number would be, the member cpu has another value, or none can be read.
 */
static long rs_send_blocked(__u32 index, struct rs_blocked_walk *walk)
{
	bool expedited = walk->flags & RS_GP_EXPEDITED;
	struct rcu_data *data = rs_rcu_data(index);
	struct rs_gp_blocked *record;
	struct rs_cpu *cpu = rs_this_cpu();
	struct task_struct *task;
	struct rcu_node *node;
	__u64 entry;

	node = BPF_CORE_READ(data, mynode);
	if (!cpu || !node || node == walk->seen || BPF_CORE_READ(data, cpu) != (int)index)
		return 0;
	walk->seen = node;
	entry = expedited ? (__u64)BPF_CORE_READ(node, exp_tasks)
			  : (__u64)BPF_CORE_READ(node, gp_tasks);
	if (!entry)
		return 0;
	task = (void *)(entry - bpf_core_field_offset(struct task_struct, rcu_node_entry));
	record = rs_begin(rs_gp_blocked, cpu, RS_GP_BLOCKED,
			  walk->flags | rs_blocked_flags(node, task));
	if (!record)
		return 0;
	record->gp_seq = expedited ? rs_expedited_seq() : rs_gp_seq();
	record->tid = BPF_CORE_READ(task, pid);
	record->first_cpu = BPF_CORE_READ(node, grplo);
	bpf_probe_read_kernel(record->comm, sizeof(record->comm), task->comm);
	rs_send(record);
	return 0;
}

/* Only preemptible RCU has such tasks. */
static __always_inline void rs_send_all_blocked(__u16 flags)
{
	struct rs_blocked_walk walk = { .flags = flags };

	if (!bpf_core_field_exists(struct task_struct, rcu_node_entry))
		return;
	bpf_loop(cpu_limit < RS_MAX_CPUS ? cpu_limit : RS_MAX_CPUS, rs_send_blocked, &walk, 0);
}

/* The first scans tell most; a long grace period is examined more and more rarely. */
static __always_inline bool rs_power_of_two(__u64 count)
{
	return (count & (count - 1)) == 0;
}

static __always_inline void rs_scan_began(void)
{
	struct rs_cpu *cpu = rs_this_cpu();
	__u64 count = ++gp_scans;
	struct rs_gp_scan *record;

	if (!cpu)
		return;
	rs_hit(RS_COUNT_GP_SCAN);
	record = rs_begin(rs_gp_scan, cpu, RS_GP_SCAN, 0);
	if (!record)
		return;
	record->gp_seq = rs_gp_seq();
	record->count = count;
	rs_send(record);
	if (rs_power_of_two(count))
		rs_send_all_blocked(0);
}

/* Per-CPU address of the kernel's static variable tick_cpu_sched; 0: unknown. */
const volatile __u64 tick_sched_address;
/* Some CPUs are in nohz_full=. */
const volatile bool ticks_stop_while_busy;

/* Several ticks at any value of CONFIG_HZ. */
#define RS_LONG_WITHOUT_TICK_NS 20000000

struct rs_sampled {
	__u64 gp_seq;
	__u64 ticks;   /* ticks in that grace period */
	__u64 scanned; /* a tick came after the first scan of that grace period */
	struct rs_tick newest;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct rs_sampled);
} sampled SEC(".maps");

/* Sends the CPU's stack, including the frames of the current interrupt. */
static __always_inline void rs_send_sample(void *ctx, __u64 gp_seq, __u32 no_tick_us, __u16 flags)
{
	struct rs_cpu *cpu = rs_this_cpu();
	struct rs_gp_sample *record;
	long bytes;

	if (!cpu)
		return;
	record = rs_begin(rs_gp_sample, cpu, RS_GP_SAMPLE, flags);
	if (!record)
		return;
	record->gp_seq = gp_seq;
	bytes = bpf_get_stack(ctx, record->stack, sizeof(record->stack), 0);
	record->frames = bytes > 0 ? bytes / sizeof(record->stack[0]) : 0;
	record->no_tick_us = no_tick_us;
	rs_send(record);
}

/*
 * The first scan is due within three ticks, or some more if there are hundreds of CPUs
 * (rcutree.jiffies_till_first_fqs). If there is none by then, RCU's own thread itself waits for a
 * CPU.
 */
#define RS_TICKS_UNTIL_SCAN 8

/* Whether to sample this CPU, depending on the number of its ticks in the grace period. */
static __always_inline bool rs_tick_is_due(struct rs_sampled *last)
{
	bool first = gp_scans && !last->scanned;

	last->scanned |= first;
	return first || (rs_power_of_two(last->ticks) &&
			 (last->scanned || last->ticks >= RS_TICKS_UNTIL_SCAN));
}

/* Reads the state of the current tick of this CPU. False: the kernel does not provide it. */
static __always_inline bool rs_look_at_tick(struct rs_tick *tick)
{
	struct tick_sched *sched = NULL;

	tick->ns = bpf_ktime_get_ns();
	if (!tick_sched_address || !bpf_core_field_exists(sched->last_tick) ||
	    !bpf_core_field_exists(sched->idle_exittime))
		return false;
	sched = rs_variable_of(bpf_get_smp_processor_id(), tick_sched_address);
	if (!sched)
		return false;
	tick->stopped = BPF_CORE_READ(sched, last_tick);
	tick->idle_exit = BPF_CORE_READ(sched, idle_exittime);
	return true;
}

/*
 * Samples the stack of a CPU for which the grace period waits: at the first tick after the first
 * scan, and at ticks 1, 2, 4, 8, ... of the grace period. A CPU in user mode or idle is about to
 * report. The samples do not depend on the scans alone, since code that occupies a CPU may keep
 * RCU's own thread from scanning again, or at all.
 *
 * Also samples at the first tick after a long time in which a tick was due but none came (ticks.h):
 * interrupts were off, and are on again at the interrupted location, or a hypervisor did not run
 * the CPU.
 */
static __always_inline void rs_tick(void *ctx, int user)
{
	struct rs_sampled *last;
	struct rcu_data *data;
	struct rcu_node *node;
	struct rs_tick tick = {};
	__u64 gp_seq, no_tick_ns = 0;
	__u32 zero = 0;

	last = bpf_map_lookup_elem(&sampled, &zero);
	if (!last)
		return;
	if (rs_look_at_tick(&tick))
		no_tick_ns = rs_time_without_tick(&last->newest, &tick, ticks_stop_while_busy);
	if (no_tick_ns < RS_LONG_WITHOUT_TICK_NS)
		no_tick_ns = 0;
	last->newest = tick;
	/* An idle task is about to report. */
	if (!(__u32)bpf_get_current_pid_tgid())
		return;
	gp_seq = rs_gp_seq();
	if (last->gp_seq != gp_seq) {
		last->gp_seq = gp_seq;
		last->ticks = 0;
		last->scanned = 0;
	}
	last->ticks++;
	/* Most ticks end here. */
	if ((user || !rs_tick_is_due(last)) && !no_tick_ns)
		return;
	data = rs_rcu_data(bpf_get_smp_processor_id());
	if (!data)
		return;
	node = BPF_CORE_READ(data, mynode);
	if (!(BPF_CORE_READ(node, qsmask) & BPF_CORE_READ(data, grpmask)))
		return;
	rs_hit(RS_COUNT_GP_SAMPLE);
	rs_send_sample(ctx, gp_seq, no_tick_ns / 1000, 0);
}

#endif /* RCUSCOPE_GP_PROGRESS_H */
