/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Latencies that come one after the other and are of one function and one bucket, as those of a
 * batch mostly are: they are only counted, and added to the bucket and to the tally when another
 * one comes. Nothing is rounded by that.
 */
#ifndef RCUSCOPE_LATENCY_RUN_H
#define RCUSCOPE_LATENCY_RUN_H

#include "compiler.h"
#include "summary_layout.h"

/* Neither the shortest nor the longest of its function, so that there is nothing to do but add it.
 */
static __always_inline bool rs_run_takes(const struct rs_latency_run *run, rs_u64 slot,
					 rs_u64 latency)
{
	return latency - run->lowest < run->width && run->slot == slot;
}

/* Of the run's function and bucket. */
static __always_inline bool rs_run_goes_on(const struct rs_latency_run *run, rs_u64 slot,
					   rs_u64 latency)
{
	return latency - run->bucket_lowest < run->bucket_width && run->slot == slot;
}

static __always_inline void rs_run_add(struct rs_latency_run *run, rs_u64 latency)
{
	run->count++;
	run->sum += latency;
}

/*
 * Both are those of its slot. User space, which reads them first and the run then, may miss what
 * is on its way, and sees nothing twice.
 */
static __always_inline void rs_run_end(struct rs_latency_run *run, struct rs_buckets *buckets,
				       struct rs_tally *tally)
{
	rs_u64 count = run->count, bucket = run->bucket;

	run->count = 0;
	/* The kernel's programs run on CPUs that are seen to store in order, or it is only for a
	 * moment that user space does not see what is there. */
	RS_IN_THIS_ORDER();
	if (bucket < RS_BUCKETS)
		__sync_fetch_and_add(&buckets->counts[bucket], count);
	tally->sum += run->sum;
	tally->timed += count;
	run->sum = 0;
}

/* That of this latency, which is RS_LONGEST_DURATION at most; rs_run_widen() comes next. */
static __always_inline void rs_run_begin(struct rs_latency_run *run, rs_u64 slot, rs_u64 latency)
{
	run->slot = slot;
	run->bucket = rs_bucket_of(latency);
	run->bucket_lowest = rs_bucket_lowest(run->bucket);
	run->bucket_width = rs_bucket_width(run->bucket);
}

/* So that the run takes this latency, and all between the shortest and the longest in its bucket.
 */
static __always_inline void rs_run_widen(struct rs_latency_run *run, struct rs_tally *tally,
					 rs_u64 latency)
{
	rs_u64 lowest = run->bucket_lowest, end = lowest + run->bucket_width;

	if (~latency > tally->shortest)
		tally->shortest = ~latency;
	if (latency > tally->longest)
		tally->longest = latency;
	if (lowest < ~tally->shortest)
		lowest = ~tally->shortest;
	if (end > tally->longest + 1)
		end = tally->longest + 1;
	run->lowest = lowest;
	run->width = end - lowest;
}

#endif /* RCUSCOPE_LATENCY_RUN_H */
