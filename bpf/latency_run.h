/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A run: consecutive latencies of one function in one bucket, as in most batches. The run counts
 * them, and they are added to the bucket and the tally when another run begins. This loses no
 * precision.
 */
#ifndef RCUSCOPE_LATENCY_RUN_H
#define RCUSCOPE_LATENCY_RUN_H

#include "compiler.h"
#include "summary_layout.h"

/*
 * Whether the latency belongs to the run and is neither the shortest nor the longest of its
 * function, so that it only needs to be added.
 */
static __always_inline bool rs_run_takes(const struct rs_latency_run *run, rs_u64 slot,
					 rs_u64 latency)
{
	return latency - run->lowest < run->width && run->slot == slot;
}

/* Whether the latency is of the run's function and bucket. */
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
 * `buckets` and `tally` are those of the run's slot. User space reads them before it reads the run.
 * It may miss latencies that move at that time, and counts none twice.
 */
static __always_inline void rs_run_end(struct rs_latency_run *run, struct rs_buckets *buckets,
				       struct rs_tally *tally)
{
	rs_u64 count = run->count, bucket = run->bucket;

	run->count = 0;
	/*
	 * The CPUs here make stores visible in program order. Otherwise user space would miss these
	 * latencies for a moment.
	 */
	RS_COMPILER_BARRIER();
	if (bucket < RS_BUCKETS)
		__sync_fetch_and_add(&buckets->counts[bucket], count);
	tally->sum += run->sum;
	tally->timed += count;
	run->sum = 0;
}

/*
 * Starts a run with this latency, at most RS_LONGEST_DURATION. The caller then calls
 * rs_run_widen().
 */
static __always_inline void rs_run_begin(struct rs_latency_run *run, rs_u64 slot, rs_u64 latency)
{
	run->slot = slot;
	run->bucket = rs_bucket_of(latency);
	run->bucket_lowest = rs_bucket_lowest(run->bucket);
	run->bucket_width = rs_bucket_width(run->bucket);
}

/*
 * Extends the run's range to this latency, and to all between the shortest and the longest in its
 * bucket.
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
