/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Per-CPU ring of records: multiple producers (BPF programs of one CPU), one consumer (user space).
 * Shared by the BPF programs (C) and the tracer (C++).
 *
 * The kernel's BPF ring buffer takes a lock and two helper calls per record, which was more than
 * half of the cost of a record. Here each CPU has its own memory, and only programs on that CPU
 * write to it. A producer reserves [old, new) with a compare-and-swap on `head`; the winner owns
 * the range, however many programs interrupt each other. User space advances `tail`.
 *
 * `head` and `tail` are positions: they count bytes and only grow. The memory consists of segments,
 * because an element of a BPF array must be smaller than 4 MiB. A record lies within one segment.
 * No record begins where the longest record would not fit; `head` skips the rest of the segment.
 *
 * Memory from `head` on is zero, and the producer writes a record's first word last. The word is
 * therefore zero until the record is complete. User space clears the memory that it releases.
 *
 * A producer reads the clock after it has reserved room. So if a reader reads the clock and then
 * the heads, all records of that time or earlier lie before the heads. They may be incomplete,
 * because the program may be interrupted or its task preempted for any length of time. Records in a
 * ring are not necessarily in time order.
 *
 * event_ring_memory.h says where the memory is. A unit test, which is not compiled for BPF, defines
 * these names for plain memory before it includes this file:
 *   rs_segment_at(number)   a segment, or NULL
 *   rs_ring_bytes           bytes of each CPU's ring; 0: there are no rings and no calls to here
 *   rs_ring_segments        segments of each CPU; a power of two
 *   rs_ring_wake_reader()   wakes user space because head passed `wake_at`
 *   rs_now()                the clock of records
 */
#ifndef RCUSCOPE_EVENT_RING_H
#define RCUSCOPE_EVENT_RING_H

#include "compiler.h"
#include "event_ring_layout.h"
#ifdef __bpf__
#include "event_ring_memory.h"
#endif

/*
 * After this many failed compare-and-swaps in a row, a reservation fails as if the ring were full.
 */
#define RS_RING_TRIES 8

/* An invalid position: valid ones are even. */
#define RS_NO_ROOM (~0ULL)

/*
 * Whether a record that ends at `next` does not fit. The tail may be beyond `next`: the caller was
 * interrupted after it read the head. Its compare-and-swap then fails.
 */
static __always_inline bool rs_ring_is_full(const struct rs_ring *ring, rs_u64 next)
{
	const rs_s64 most = (rs_s64)rs_ring_bytes;

	return (rs_s64)(next - RS_READ_ONCE(ring->tail)) > most;
}

static __always_inline struct rs_ring_header *rs_ring_header_at(const struct rs_ring *ring,
								rs_u64 head, rs_u64 offset)
{
	char *segment = rs_segment_at(ring->first_segment +
				      (head / RS_SEGMENT_BYTES & (rs_ring_segments - 1)));

	RS_OPAQUE(offset); /* from here on the verifier keeps the bounds of this register */
	/* Neither happens, but the verifier does not know that. */
	if (!segment || offset > RS_LAST_OFFSET)
		return NULL;
	return (struct rs_ring_header *)(segment + offset);
}

/*
 * Slow path of a reservation: advances the head by `bytes` and handles a full segment, a full ring
 * and the wakeup. Returns the old head, or RS_NO_ROOM.
 *
 * It is a global function, which the verifier checks once for each program instead of at each call.
 * Because of the loop, those checks took most of the time to load the programs.
 */
RS_GLOBAL rs_u64 rs_ring_reserve_slow(struct rs_ring *ring, rs_u64 bytes)
{
	/* Callers exclude both, but the verifier does not know that. */
	if (!ring || !rs_ring_bytes)
		return RS_NO_ROOM;
	for (int tries = 0; tries < RS_RING_TRIES; tries++) {
		rs_u64 head = RS_READ_ONCE(ring->head), wake_at;
		rs_u64 next = rs_ring_next(head + bytes);

		if (rs_ring_is_full(ring, next))
			break;
		if (__sync_val_compare_and_swap(&ring->head, head, next) != head)
			continue;
		/*
		 * Read wake_at after the compare-and-swap on head: user space stores wake_at first
		 * and then reads head.
		 */
		wake_at = RS_READ_ONCE(ring->wake_at);
		if (head < wake_at && next >= wake_at)
			rs_ring_wake_reader();
		return head;
	}
	return RS_NO_ROOM;
}

/* Reserves `bytes`, which include the ring's header and padding to RS_RING_ALIGN. NULL: no room. */
static __always_inline struct rs_ring_header *rs_ring_reserve(struct rs_ring *ring, rs_u64 bytes)
{
	rs_u64 head = RS_READ_ONCE(ring->head), offset = head & (RS_SEGMENT_BYTES - 1);

	/*
	 * Most records stay in the same segment. wake_at only grows. So a record that ends before
	 * wake_at fits and needs no wakeup, whatever user space does meanwhile.
	 */
	if (offset > RS_LAST_OFFSET - bytes || head + bytes >= RS_READ_ONCE(ring->wake_at) ||
	    __sync_val_compare_and_swap(&ring->head, head, head + bytes) != head) {
		head = rs_ring_reserve_slow(ring, bytes);
		if (head == RS_NO_ROOM)
			return NULL;
		offset = head & (RS_SEGMENT_BYTES - 1);
	}
	return rs_ring_header_at(ring, head, offset);
}

/*
 * Reserves room for a record of `size`, which excludes the ring's header, and sets its time. NULL:
 * no room.
 */
static __always_inline struct rs_header *rs_ring_reserve_record(struct rs_ring *ring, rs_u64 size)
{
	struct rs_ring_header *header = rs_ring_reserve(ring, rs_ring_bytes_of(size));
	struct rs_header *record = (struct rs_header *)(header + 1);

	if (!header)
		return NULL;
	record->ns = rs_now();
	return record;
}

/* Publishes a complete record: stores its size (without the header) after all its other words. */
static __always_inline void rs_ring_commit(struct rs_ring_header *header, rs_u64 size)
{
#if defined(__TARGET_ARCH_x86)
	/* x86 makes stores visible in program order, so a compiler barrier is enough. */
	RS_COMPILER_BARRIER();
	*(volatile rs_u64 *)&header->size = size;
#elif defined(__bpf__)
	__sync_lock_test_and_set(&header->size, size);
#else /* user space, in tests */
	__atomic_store_n(&header->size, size, __ATOMIC_RELEASE);
#endif
}

#endif /* RCUSCOPE_EVENT_RING_H */
