/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The ring of each CPU's records: what the BPF programs (C) and the tracer (C++) share of it.
 *
 * The kernel's own ring buffer takes a lock and two calls for a record, which
 * was more than half of what a record took. Here each CPU has its own memory, and
 * only programs on that CPU put anything in: whoever moves `head` on, from what he
 * saw to what he wants, has the room in between for himself, however many
 * programs interrupt each other. User space moves `tail`.
 *
 * Both are positions, which count bytes and only grow. Memory is in segments, since
 * an element of a BPF array is less than 4 MiB; a record lies within one. None
 * begins where the longest would not fit: what is left of the segment is
 * passed over, by the head as well.
 *
 * Memory from `head` on is zero, and a record's first word is written last: so it is zero
 * until the record is whole. User space clears what it releases.
 *
 * A record's time is taken when it has its room. So a reader that looks at the clock, and then at
 * the heads, finds every record of that time or earlier before them, whole or not, however long the
 * program that sends it is interrupted, or its task preempted. In the ring records need not lie
 * in the order of their times.
 *
 * The including file says where memory lies (the programs: a map; a test: memory):
 *   rs_segment_at(number)   a segment, or NULL
 *   rs_ring_bytes           of each CPU's ring; 0: there is none, and nobody asks
 *   rs_ring_segments        of each CPU; a power of two
 *   rs_ring_fills()         wakes user space: so much was put in
 *   rs_now()                the clock of records
 */
#ifndef RCUSCOPE_EVENT_RING_H
#define RCUSCOPE_EVENT_RING_H

#include "compiler.h"
#include "event_ring_layout.h"

/* Interrupted so often in a row, it is taken for full. */
#define RS_RING_TRIES 8

/* No position: none is odd. */
#define RS_NO_ROOM (~0ULL)

/*
 * Whether what would end at `next` is too much. A tail beyond that is no matter: who looked at the
 * head was interrupted since, and is told so when he wants to move it.
 */
static __always_inline bool rs_ring_is_full(const struct rs_ring *ring, rs_u64 next)
{
	const rs_s64 most = (rs_s64)rs_ring_bytes;

	return (rs_s64)(next - *(const volatile rs_u64 *)&ring->tail) > most;
}

static __always_inline struct rs_ring_header *rs_ring_place(const struct rs_ring *ring, rs_u64 head,
							    rs_u64 offset)
{
	char *segment = rs_segment_at(ring->first_segment +
				      (head / RS_SEGMENT_BYTES & (rs_ring_segments - 1)));

	RS_KEEP(offset); /* the verifier knows its range from here on */
	/* Neither can be: the verifier does not know. */
	if (!segment || offset > RS_LAST_OFFSET)
		return NULL;
	return (struct rs_ring_header *)(segment + offset);
}

/*
 * Moves the head past room for `bytes`, whatever there is to be looked at; where it stood, or
 * RS_NO_ROOM. It is global, which the verifier goes through once for each program and not at each
 * call: with the loop, that was most of what loading the programs took.
 */
RS_GLOBAL rs_u64 rs_ring_move(struct rs_ring *ring, rs_u64 bytes)
{
	/* Nobody asks for either: the verifier does not know. */
	if (!ring || !rs_ring_bytes)
		return RS_NO_ROOM;
	for (int tries = 0; tries < RS_RING_TRIES; tries++) {
		rs_u64 head = *(volatile rs_u64 *)&ring->head, wake_at;
		rs_u64 next = rs_ring_next(head + bytes);

		if (rs_ring_is_full(ring, next))
			break;
		if (__sync_val_compare_and_swap(&ring->head, head, next) != head)
			continue;
		/* After the head was moved, as user space looks at the head after it has set this.
		 */
		wake_at = *(volatile rs_u64 *)&ring->wake_at;
		if (head < wake_at && next >= wake_at)
			rs_ring_fills();
		return head;
	}
	return RS_NO_ROOM;
}

/* Room for a record of `bytes`, a header and padding to RS_RING_ALIGN included; NULL: there is
 * none. */
static __always_inline struct rs_ring_header *rs_ring_reserve(struct rs_ring *ring, rs_u64 bytes)
{
	rs_u64 head = *(volatile rs_u64 *)&ring->head, offset = head & (RS_SEGMENT_BYTES - 1);

	/* Most go on in the same segment; and as the position to wake at only grows, there is room
	 * before it, and it is nothing to wake for, whatever user space does meanwhile. */
	if (offset > RS_LAST_OFFSET - bytes || head + bytes >= *(volatile rs_u64 *)&ring->wake_at ||
	    __sync_val_compare_and_swap(&ring->head, head, head + bytes) != head) {
		head = rs_ring_move(ring, bytes);
		if (head == RS_NO_ROOM)
			return NULL;
		offset = head & (RS_SEGMENT_BYTES - 1);
	}
	return rs_ring_place(ring, head, offset);
}

/* Room for a record of `size`, without the ring's header, and its time; NULL: there is none. */
static __always_inline struct rs_header *rs_ring_begin(struct rs_ring *ring, rs_u64 size)
{
	struct rs_ring_header *header = rs_ring_reserve(ring, rs_ring_bytes_of(size));
	struct rs_header *record = (struct rs_header *)(header + 1);

	if (!header)
		return NULL;
	record->ns = rs_now();
	return record;
}

/* The record of so many bytes, without the header, is whole: after everything that was written. */
static __always_inline void rs_ring_commit(struct rs_ring_header *header, rs_u64 size)
{
#if defined(__TARGET_ARCH_x86)
	/* Stores are seen in their order. */
	RS_IN_THIS_ORDER();
	*(volatile rs_u64 *)&header->size = size;
#else
	__sync_lock_test_and_set(&header->size, size);
#endif
}

#endif /* RCUSCOPE_EVENT_RING_H */
