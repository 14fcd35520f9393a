/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Counting in the kernel: the memory of the counts and of the rings of queued callbacks.
 * pending_ring.h says how a ring works; unit tests run it on plain memory instead.
 */
#ifndef RCUSCOPE_SUMMARY_MEMORY_H
#define RCUSCOPE_SUMMARY_MEMORY_H

#include "compiler.h"
#include "event_ring_memory.h"
#include "rcu_data.h"
#include "summary_functions.h"
#include "summary_layout.h"

/* Set before the programs are loaded. */
const volatile __u32
	summary_bucket_copies; /* a power of two; CPUs with the same copy share its cache lines */

/* A global array, not a map: a map lookup takes three times as many instructions. */
struct rs_summary_cpu summary_cpus[RS_MAX_CPUS];

/* max_entries is a placeholder: user space sets it to the number for all CPUs. Ordered by CPU. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct rs_pending);
} summary_pending SEC(".maps");

/* Ordered by CPU, then by slot. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct rs_tally);
} summary_tallies SEC(".maps");

/* Ordered by copy, then by slot. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct rs_buckets);
} summary_buckets SEC(".maps");

static __always_inline struct rs_summary_cpu *rs_summary_of(__u32 cpu)
{
	struct rs_summary_cpu *mine = &summary_cpus[cpu & (RS_MAX_CPUS - 1)];

	RS_OPAQUE(mine);
	return mine;
}

static __always_inline struct rs_tally *rs_tally_of(__u32 cpu, __u32 slot)
{
	__u32 place = cpu * summary_slots + slot;

	return bpf_map_lookup_elem(&summary_tallies, &place);
}

static __always_inline struct rs_pending *rs_pending_at(const struct rs_pending_ring *ring,
							__u64 position)
{
	__u32 place = rs_pending_place(ring, position);

	return bpf_map_lookup_elem(&summary_pending, &place);
}

static __always_inline void rs_summary_forgot(__u32 cpu, __u32 slot)
{
	struct rs_tally *tally;

	if (slot == RS_SLOT_UNCOUNTED)
		return;
	tally = rs_tally_of(cpu, slot);
	if (tally)
		__sync_fetch_and_add(&tally->forgotten, 1);
}

static __always_inline void rs_pending_forgot(__u32 slot)
{
	rs_summary_forgot(bpf_get_smp_processor_id(), slot);
}

static __always_inline __u64 rs_pending_now(void)
{
	return rs_now();
}

#define rs_pending_loop(most, body, context) bpf_loop(most, body, context, 0)

static __always_inline struct rs_buckets *rs_buckets_of(__u32 cpu, __u32 slot)
{
	__u32 place = (cpu & (summary_bucket_copies - 1)) * summary_slots + slot;

	return bpf_map_lookup_elem(&summary_buckets, &place);
}

#endif /* RCUSCOPE_SUMMARY_MEMORY_H */
