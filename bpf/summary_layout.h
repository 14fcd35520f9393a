/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Counting in the kernel instead of sending records: data that the BPF programs (C) and the tracer
 * (C++) share. It has buckets of durations, a tally for each function, and rings of queued
 * callbacks.
 *
 * Terms: a "slot" is the number of a callback function. The "window" is the time during which
 * callbacks and grace periods count.
 */
#ifndef RCUSCOPE_SUMMARY_LAYOUT_H
#define RCUSCOPE_SUMMARY_LAYOUT_H

#include "wire.h"

/*
 * Buckets as in tracer/analysis/histogram.hpp: 2^RS_BUCKET_BITS per power of two. Durations of
 * 2^RS_DURATION_BITS ns (three days) or more count as the longest possible one.
 */
#define RS_BUCKET_BITS	    7
#define RS_DURATION_BITS    48
#define RS_LONGEST_DURATION ((1ULL << RS_DURATION_BITS) - 1)
#define RS_BUCKETS	    ((RS_DURATION_BITS - RS_BUCKET_BITS + 1) << RS_BUCKET_BITS)

static inline rs_u64 rs_bucket_of(rs_u64 duration)
{
	rs_u64 rest = duration >> RS_BUCKET_BITS, shift = 0;

	/* Finds the highest set bit: BPF has no instruction for that. */
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

/* Number of different durations in the bucket. */
static inline rs_u64 rs_bucket_width(rs_u64 bucket)
{
	rs_u64 shift = bucket >> RS_BUCKET_BITS;

	return shift ? 1ULL << (shift - 1) : 1;
}

struct rs_buckets {
	rs_u64 counts[RS_BUCKETS];
};

#define RS_KEPT_LONGEST 5

/* Durations of grace periods. */
struct rs_durations {
	rs_u64 count;
	rs_u64 sum;
	rs_u64 shortest; /* complement of the duration, so that 0 means none */
	rs_u64 longest[RS_KEPT_LONGEST];
	struct rs_buckets buckets;
};

/* A grace period in progress. */
struct rs_period_start {
	rs_u64 gp_seq;
	rs_u64 ns; /* 0: it does not count */
};

/* Identity of a callback function. */
struct rs_function {
	rs_u64 address; /* for a followed module: the offset, which is the same in each life */
	rs_u32 module;	/* RS_IN_MODULE(index in followed_code[]); 0: no followed module */
	rs_u32 life;	/* for other modules' code: module frees before it was first seen */
};
#define RS_IN_MODULE(index) ((index) + 1)
#define RS_IN_INIT	    0x100 /* added to the module: in its init section */

/* A section of a followed module's code; `module` as in rs_function. */
struct rs_section {
	rs_u32 module;
	char name[RS_SECTION_LEN];
};

/* Each function has a slot. The first slot counts callbacks of functions that have none. */
#define RS_SLOT_BITS	  10
#define RS_SLOTS	  (1 << RS_SLOT_BITS)
#define RS_SLOT_OTHERS	  0		 /* functions beyond the number of slots */
#define RS_SLOT_UNCOUNTED (RS_SLOTS - 1) /* queued before the window opened */
#define RS_SLOT_NONE	  0xffff	 /* not followed */

/*
 * Counts of one function on one CPU. There is no count of queued callbacks: each of them is in a
 * ring, or timed, late or forgotten.
 */
struct rs_tally {
	rs_u64 timed;	  /* invoked, with known queueing time */
	rs_u64 untimed;	  /* invoked, with unknown queueing time */
	rs_u64 late;	  /* like timed, but after the window closed */
	rs_u64 forgotten; /* queued, but the time is lost: the ring was full, or later callbacks
			     overtook it */
	rs_u64 sum;	  /* of latencies, like the two below */
	rs_u64 shortest;  /* complement of the latency */
	rs_u64 longest;
	rs_u64 reserved;
};
RS_ASSERT_SIZE(rs_tally, 64);

/*
 * A queued callback. Entries are in the order in which the CPU queued the callbacks. This is nearly
 * the order of invocation, so usually the oldest one is invoked. The program runs before the
 * callback is on the list: an interrupt, or a migration of the task to another CPU, may come in
 * between.
 */
struct rs_pending {
	rs_u64 key; /* rs_pending_key(); 0: invoked out of order */
	rs_u64 ns;  /* queueing time */
};

struct rs_pending_ring {
	rs_u64 first; /* positions only grow */
	rs_u64 end;
	rs_u64 skipped; /* callbacks queued without an entry since the ring became full */
	/* Set before the programs run. */
	rs_u64 most;  /* maximum number of entries */
	rs_u32 place; /* index of its first entry in the array of all CPUs */
	rs_u32 mask;  /* bits of a position that select the entry */
};

static inline rs_u64 rs_pending_place(const struct rs_pending_ring *ring, rs_u64 position)
{
	return (position & ring->mask) + ring->place;
}

/*
 * Latencies of one function and one bucket that are not in the bucket's count yet: latency_run.h.
 */
struct rs_latency_run {
	rs_u64 lowest; /* first latency that the fast path adds to the run */
	rs_u64 width;  /* number of such latencies; 0: none */
	rs_u64 slot;
	rs_u64 bucket;
	rs_u64 bucket_lowest;
	rs_u64 bucket_width; /* 0: it has no bucket yet */
	rs_u64 count;
	rs_u64 sum;
};

/*
 * A callback costs more if its latency begins another run. With two runs, latencies around the
 * border of two buckets do not begin a run each time.
 */
#define RS_RUNS 2

/* Room for producers that interrupt each other between the check for room and the reservation. */
#define RS_PENDING_SLACK 8

/* `size`: a power of two. */
static inline void rs_pending_ring_make(struct rs_pending_ring *ring, rs_u32 place, rs_u32 size)
{
	ring->most = size - RS_PENDING_SLACK;
	ring->place = place;
	ring->mask = size - 1;
}

/* An entry that this many later ones have overtaken is dropped. */
#define RS_PENDING_AHEAD  32
/* Maximum number of entries searched for the callbacks of one batch. */
#define RS_PENDING_SEARCH 4096

/*
 * Key of an entry that stands for a gap: its `ns` is a number of callbacks without entries. No head
 * is 0.
 */
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

/* Size of a CPU's cache of slots. */
#define RS_SLOT_CACHE 16

struct rs_summary_cpu {
	struct rs_pending_ring ring;
	/* For rs_number_of(). Each program has its own, since one may interrupt or preempt another.
	 */
	rs_u64 queued;
	rs_u64 hurried;
	rs_u64 invoked;
	struct rs_latency_run runs[RS_RUNS];
	rs_u64 run; /* counter; selects the run that began last */
	rs_u64 slots[RS_SLOT_CACHE];
} __attribute__((aligned(64))); /* avoids false sharing of cache lines */
RS_ASSERT_SIZE(rs_summary_cpu, 384);

#endif /* RCUSCOPE_SUMMARY_LAYOUT_H */
