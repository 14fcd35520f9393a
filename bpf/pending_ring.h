/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * When each callback was queued, without a map that is asked for each.
 *
 * Who includes this says what a ring is made of (the programs: maps; a test: memory):
 *   rs_pending_at(ring, position)   its entry, or NULL
 *   rs_pending_loop(most, body, context)   calls body(index, context) from 0 on until it returns 1
 *   rs_pending_forgot(slot)        one of this function will not be known when it is invoked
 *   rs_pending_now()               the time; asked for only where it is kept
 */
#ifndef RCUSCOPE_PENDING_RING_H
#define RCUSCOPE_PENDING_RING_H

#include "summary_layout.h"

/*
 * Whether there is room again after there was none. Half of the ring, since each gap takes an
 * entry, and a while when it is reached.
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
	/* A position of its own, whoever interrupts. */
	entry = rs_pending_at(ring, __sync_fetch_and_add(&ring->end, 1));
	if (!entry)
		return false;
	entry->ns = now;
	entry->key = rs_pending_key(head, slot);
	return true;
}

/* The oldest, if it is `head`. */
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
	ring->first = first + 1;
	return true;
}

struct rs_pending_walk {
	struct rs_pending_ring *ring;
	rs_u64 head;
	rs_u64 first;
	rs_u64 ahead; /* of the first */
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

/* Up to the one that was found, or only those that were invoked already. */
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
	walk->ring->first++;
	return 0;
}

/*
 * Whether it is the turn of those that have no entry, and `head` is now counted as one of them:
 * after a flood these are as many as the ring holds, and more, so this comes before any search.
 * How many they are may be as many off as queuers interrupted each other.
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
	if (entry->ns > RS_PENDING_SLACK) { /* too many to be a few too many */
		entry->ns--;
		return true;
	}
	next = first + 1 == ring->end ? NULL : rs_pending_at(ring, first + 1);
	if (entry->ns && !(next && rs_is_pending(next->key, head))) {
		entry->ns--;
		return true;
	}
	ring->first = first + 1;
	return false;
}

/*
 * Any of the older ones, if it is `head`: out of order. Those that many were
 * invoked before have been invoked unseen, or on another CPU. `searched`: by all callbacks of the
 * batch; when that is much, nothing is searched for any more.
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
