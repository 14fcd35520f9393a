/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The memory of the event rings in the BPF programs, the clock of records, and the wakeup of user
 * space. event_ring.h says how a ring works; unit tests run it on plain memory instead.
 */
#ifndef RCUSCOPE_EVENT_RING_MEMORY_H
#define RCUSCOPE_EVENT_RING_MEMORY_H

#include "event_ring_layout.h"
#include "kernel_types.h"

#include <bpf/bpf_helpers.h>

/*
 * The segments of all CPUs, CPU by CPU. max_entries is a placeholder: user space sets the number.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct rs_segment);
} segments SEC(".maps");

/* Its content has no meaning: an entry wakes user space. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} doorbell SEC(".maps");

/* Set before the programs are loaded. */
const volatile __u64 rs_ring_bytes; /* 0: the programs send no records */
const volatile __u32 rs_ring_segments;

static __always_inline void *rs_segment_at(__u32 number)
{
	return bpf_map_lookup_elem(&segments, &number);
}

/* If the doorbell has no room, user space has not consumed earlier entries: it is awake already. */
static __noinline int rs_wake(void)
{
	__u64 nothing = 0;

	return bpf_ringbuf_output(&doorbell, &nothing, sizeof(nothing), BPF_RB_FORCE_WAKEUP);
}

#define rs_now() bpf_ktime_get_boot_ns()

/* User space drains the rings periodically. A ring that fills up faster wakes it. */
#define rs_ring_wake_reader() rs_wake()

#endif /* RCUSCOPE_EVENT_RING_MEMORY_H */
