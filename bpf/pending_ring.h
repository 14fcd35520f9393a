/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Per-CPU FIFO of queued callbacks with the time of each. It saves a map lookup per callback.
 *
 * summary_memory.h says where the memory is. A unit test, which is not compiled for BPF, defines
 * these names for plain memory before it includes this file:
 *   rs_pending_at(ring, position)   the entry there, or NULL
 *   rs_pending_loop(most, body, context)   calls body(index, context) from 0 on until it returns 1
 *   rs_pending_forgot(slot)        drops an entry: the queueing time of one callback is lost
 *   rs_pending_now()               the current time; called only if it is stored
 */
#ifndef RCUSCOPE_PENDING_RING_H
#define RCUSCOPE_PENDING_RING_H

#include "summary_layout.h"
#ifdef __bpf__
#include "summary_memory.h"
#endif

/*
 * Whether the ring accepts entries again after it was full. It must be half empty, since each gap
 * occupies an entry and takes time when it is reached.
 */
static __always_inline bool rs_pending_resume(struct rs_pending_ring *ring)
{
	struct rs_pending *entry;
	rs_u64 skipped;

	if (ring->end - ring->first >= ring->most / 2)
		return false;
	skipped = __sync_lock_test_and_set(&ring->skipped, 0);
	if (!skipped)
		return true;
	entry = rs_pending_at(ring, __sync_fetch_and_add(&ring->end, 1));
	if (!entry)
		return false;
	entry->ns = skipped;
	entry->key = RS_PENDING_GAP;
	return true;
}

/* False: there is no room. */
static __always_inline bool rs_pending_push(struct rs_pending_ring *ring, rs_u64 head, rs_u32 slot)
{
	struct rs_pending *entry;
	rs_u64 now;

	if (ring->skipped ? !rs_pending_resume(ring) : ring->end - ring->first >= ring->most) {
		__sync_fetch_and_add(&ring->skipped, 1);
		return false;
	}
	now = rs_pending_now();
	/* Each producer gets its own position, even if it interrupts another one. */
	entry = rs_pending_at(ring, __sync_fetch_and_add(&ring->end, 1));
	if (!entry)
		return false;
	entry->ns = now;
	entry->key = rs_pending_key(head, slot);
	return true;
}

/* Removes the oldest entry if it is `head`. */
static __always_inline bool rs_pending_pop_first(struct rs_pending_ring *ring, rs_u64 head,
						 struct rs_pending *popped)
{
	rs_u64 first = ring->first;
	struct rs_pending *entry;

	if (first == ring->end)
		return false;
	entry = rs_pending_at(ring, first);
	if (!entry || !rs_is_pending(entry->key, head))
		return false;
	*popped = *entry;
	/*
	 * A producer may be preempted between its reservation and its stores. Until it continues,
	 * its entry must not look like the one of the lap before.
	 */
	entry->key = 0;
	ring->first = first + 1;
	return true;
}

struct rs_pending_walk {
	struct rs_pending_ring *ring;
	rs_u64 head;
	rs_u64 first;
	rs_u64 ahead; /* position of the found entry, relative to first */
	bool found;
};

static long rs_pending_seek(rs_u32 index, struct rs_pending_walk *walk)
{
	struct rs_pending *entry;

	if (walk->first + index >= walk->ring->end)
		return 1;
	entry = rs_pending_at(walk->ring, walk->first + index);
	if (!entry)
		return 1;
	walk->ahead = index;
	walk->found = rs_is_pending(entry->key, walk->head);
	return walk->found;
}

/*
 * Removes entries up to the one that was found. If none was found, removes only those whose
 * callback was invoked already.
 */
static long rs_pending_pass(rs_u32 index, struct rs_pending_walk *walk)
{
	struct rs_pending *entry;

	(void)index;
	if (walk->ring->first == walk->ring->end)
		return 1;
	entry = rs_pending_at(walk->ring, walk->ring->first);
	if (!entry || (!walk->found && entry->key))
		return 1;
	if (walk->found && walk->ring->first > walk->first + walk->ahead)
		return 1;
	if (entry->key)
		rs_pending_forgot(rs_pending_slot(entry->key));
	entry->key = 0;
	walk->ring->first++;
	return 0;
}

/*
 * Whether the next callbacks in order have no entry. Then `head` counts as one of them. After a
 * flood there are as many of these as the ring holds, or more, so this comes before any search.
 * Their number may be wrong by the number of queueing programs that interrupted each other.
 */
static __always_inline bool rs_pending_skip(struct rs_pending_ring *ring, rs_u64 head)
{
	rs_u64 first = ring->first, skipped = ring->skipped;
	struct rs_pending *entry, *next;

	if (first == ring->end) {
		if (skipped)
			__sync_val_compare_and_swap(&ring->skipped, skipped, skipped - 1);
		return skipped;
	}
	entry = rs_pending_at(ring, first);
	if (!entry || entry->key != RS_PENDING_GAP)
		return false;
	if (entry->ns > RS_PENDING_SLACK) { /* more than the number can be wrong by */
		entry->ns--;
		return true;
	}
	next = first + 1 == ring->end ? NULL : rs_pending_at(ring, first + 1);
	if (entry->ns && !(next && rs_is_pending(next->key, head))) {
		entry->ns--;
		return true;
	}
	entry->key = 0;
	ring->first = first + 1;
	return false;
}

/*
 * Removes an older entry if it is `head`, which was invoked out of order. Entries that
 * RS_PENDING_AHEAD later ones have overtaken were invoked unseen, or on another CPU. `searched`:
 * number of entries examined for all callbacks of the batch; above the limit there is no more
 * search.
 */
static __always_inline bool rs_pending_pop_any(struct rs_pending_ring *ring, rs_u64 head,
					       rs_u64 *searched, struct rs_pending *popped)
{
	struct rs_pending_walk walk = { .ring = ring, .head = head };
	struct rs_pending *entry;
	rs_u64 before = *searched;

	rs_pending_loop(RS_PENDING_SEARCH, rs_pending_pass, &walk);
	if (ring->first == ring->end || rs_pending_skip(ring, head))
		return false;
	if (rs_pending_pop_first(ring, head, popped))
		return true;
	if (before >= RS_PENDING_SEARCH)
		return false;
	walk.first = ring->first;
	rs_pending_loop(RS_PENDING_SEARCH - before, rs_pending_seek, &walk);
	*searched = before + walk.ahead + 1;
	if (!walk.found)
		return false;
	entry = rs_pending_at(ring, walk.first + walk.ahead);
	if (!entry)
		return false;
	*popped = *entry;
	entry->key = 0;
	if (!walk.ahead || walk.ahead >= RS_PENDING_AHEAD)
		rs_pending_loop(RS_PENDING_SEARCH, rs_pending_pass, &walk);
	return true;
}

#endif /* RCUSCOPE_PENDING_RING_H */
