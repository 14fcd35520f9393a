/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Counting in the kernel instead of sending records: what the BPF programs (C)
 * and the tracer (C++) share of it. How durations fall into buckets, what is
 * kept of each function, and the rings of callbacks that are queued.
 */
#ifndef RCUSCOPE_SUMMARY_LAYOUT_H
#define RCUSCOPE_SUMMARY_LAYOUT_H

#include "wire.h"

/*
 * The buckets of tracer/analysis/histogram.hpp: 2^RS_BUCKET_BITS to each power of two. Durations
 * of 2^RS_DURATION_BITS ns (three days) and more count as the longest there is.
 */
#define RS_BUCKET_BITS	    7
#define RS_DURATION_BITS    48
#define RS_LONGEST_DURATION ((1ULL << RS_DURATION_BITS) - 1)
#define RS_BUCKETS	    ((RS_DURATION_BITS - RS_BUCKET_BITS + 1) << RS_BUCKET_BITS)

static inline rs_u64 rs_bucket_of(rs_u64 duration)
{
	rs_u64 rest = duration >> RS_BUCKET_BITS, shift = 0;

	/* Where its highest bit is: BPF has no instruction for that. */
	for (rs_u32 step = 32; step; step >>= 1) {
		if (rest >> step) {
			rest >>= step;
			shift += step;
		}
	}
	return (shift << RS_BUCKET_BITS) + (duration >> shift);
}

static inline rs_u64 rs_bucket_lowest(rs_u64 bucket)
{
	rs_u64 shift = bucket >> RS_BUCKET_BITS;

	if (shift == 0)
		return bucket;
	return (bucket - ((shift - 1) << RS_BUCKET_BITS)) << (shift - 1);
}

/* How many durations are in it: from its lowest on. */
static inline rs_u64 rs_bucket_width(rs_u64 bucket)
{
	rs_u64 shift = bucket >> RS_BUCKET_BITS;

	return shift ? 1ULL << (shift - 1) : 1;
}

struct rs_buckets {
	rs_u64 counts[RS_BUCKETS];
};

#define RS_KEPT_LONGEST 5

/* Of grace periods. */
struct rs_durations {
	rs_u64 count;
	rs_u64 sum;
	rs_u64 shortest; /* its complement, so that 0 is none */
	rs_u64 longest[RS_KEPT_LONGEST];
	struct rs_buckets buckets;
};

/* One that goes on. */
struct rs_period_start {
	rs_u64 gp_seq;
	rs_u64 ns; /* 0: it does not count */
};

/* A callback function, as it is told from others. */
struct rs_function {
	rs_u64 address; /* in a followed module: its offset, which is the same in each life */
	rs_u32 module;	/* RS_IN_MODULE(place in followed_code[]); 0: none that is followed */
	rs_u32 life;	/* of other modules' code: modules freed before it was first seen */
};
#define RS_IN_MODULE(index) ((index) + 1)
#define RS_IN_INIT	    0x100 /* beside it: in its init section */

/* Of a followed module's code, where it begins, as in rs_function. */
struct rs_section {
	rs_u32 module;
	char name[RS_SECTION_LEN];
};

/* Functions have slots; what is known of a callback before its function has one is in the first. */
#define RS_SLOT_BITS	  10
#define RS_SLOTS	  (1 << RS_SLOT_BITS)
#define RS_SLOT_OTHERS	  0		 /* there were more functions than slots */
#define RS_SLOT_UNCOUNTED (RS_SLOTS - 1) /* queued before the window opened */
#define RS_SLOT_NONE	  0xffff	 /* not followed */

/*
 * Of one function on one CPU. How many were queued is not among it: each of them is in a ring, or
 * timed, late or forgotten.
 */
struct rs_tally {
	rs_u64 timed;	  /* invoked, and it is known when it was queued */
	rs_u64 untimed;	  /* invoked, and it is not */
	rs_u64 late;	  /* as timed, but after the window closed */
	rs_u64 forgotten; /* queued, and when is no longer known: the ring was full, or it was
			     passed by */
	rs_u64 sum;	  /* of latencies, as the others below */
	rs_u64 shortest;  /* its complement */
	rs_u64 longest;
	rs_u64 reserved;
};
RS_ASSERT_SIZE(rs_tally, 64);

/*
 * Callbacks that are queued, in the order in which the CPU queued them. That is
 * nearly that of their invocation, so that the oldest is mostly the one that is
 * invoked. Who queues runs before the callback is on the list: an interrupt, or
 * another CPU to which the task moved, may come in between.
 */
struct rs_pending {
	rs_u64 key; /* rs_pending_key(); 0: it was invoked out of order */
	rs_u64 ns;  /* when it was queued */
};

struct rs_pending_ring {
	rs_u64 first; /* positions only grow */
	rs_u64 end;
	rs_u64 skipped; /* queued since, for want of room without an entry */
	/* Set before the programs run. */
	rs_u64 most;  /* that it holds */
	rs_u32 place; /* of its first entry among those of all CPUs */
	rs_u32 mask;  /* what of a position says which entry it is */
};

static inline rs_u64 rs_pending_place(const struct rs_pending_ring *ring, rs_u64 position)
{
	return (position & ring->mask) + ring->place;
}

/* Latencies of one function and one bucket, and not yet in its counts: latency_run.h. */
struct rs_latency_run {
	rs_u64 lowest; /* what belongs to it is from here on */
	rs_u64 width;  /* 0: nothing does */
	rs_u64 slot;
	rs_u64 bucket;
	rs_u64 bucket_lowest;
	rs_u64 bucket_width; /* 0: it is of no bucket yet */
	rs_u64 count;
	rs_u64 sum;
};

/* As a callback costs more whose latency begins another run, latencies may settle where one bucket
 * ends and the next begins: that is no other run each time. */
#define RS_RUNS 2

/* Room for queuers that interrupt each other between looking for it and taking it. */
#define RS_PENDING_SLACK 8

/* `size`: a power of two. */
static inline void rs_pending_ring_make(struct rs_pending_ring *ring, rs_u32 place, rs_u32 size)
{
	ring->most = size - RS_PENDING_SLACK;
	ring->place = place;
	ring->mask = size - 1;
}

/* One that so many were invoked before is not waited for any longer. */
#define RS_PENDING_AHEAD  32
/* The limit on all entries that are looked at for the callbacks of one batch. */
#define RS_PENDING_SEARCH 4096

/* The key of an entry that stands for so many callbacks as its `ns` says, which have none. No head
 * is 0. */
#define RS_PENDING_GAP RS_SLOT_UNCOUNTED

/* Heads are aligned to 8 bytes (call_rcu() warns of others), and their 7 highest bits are set. */
static inline rs_u64 rs_pending_key(rs_u64 head, rs_u32 slot)
{
	return (head & ~7ULL) << (RS_SLOT_BITS - 3) | slot;
}

static inline rs_u32 rs_pending_slot(rs_u64 key)
{
	return key & (RS_SLOTS - 1);
}

static inline bool rs_is_pending(rs_u64 key, rs_u64 head)
{
	return (key ^ rs_pending_key(head, 0)) < RS_SLOTS;
}

/* What a CPU remembers of slots. */
#define RS_SLOT_CACHE 16

struct rs_summary_cpu {
	struct rs_pending_ring ring;
	rs_u64 queued; /* rs_number_of(); who queues may interrupt an invocation's program */
	rs_u64 invoked;
	struct rs_latency_run runs[RS_RUNS];
	rs_u64 run; /* the last that was begun */
	rs_u64 slots[RS_SLOT_CACHE];
} __attribute__((aligned(64))); /* cache lines of its own */
RS_ASSERT_SIZE(rs_summary_cpu, 320);

#endif /* RCUSCOPE_SUMMARY_LAYOUT_H */
