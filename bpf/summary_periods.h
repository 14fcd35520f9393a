/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Counting in the kernel: durations of grace periods, normal and expedited. */
#ifndef RCUSCOPE_SUMMARY_PERIODS_H
#define RCUSCOPE_SUMMARY_PERIODS_H

#include "emit.h"
#include "summary_functions.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 2); /* normal, expedited */
	__type(key, __u32);
	__type(value, struct rs_durations);
} summary_periods SEC(".maps");

/* A grace period may begin while the programs still process the end of the one before. */
#define RS_PERIODS_STARTED 4

struct rs_period_start periods_started[2][RS_PERIODS_STARTED];

static __always_inline struct rs_period_start *rs_period_place(bool expedited, __u64 gp_seq)
{
	return &periods_started[expedited ? 1 : 0][gp_seq / 4 % RS_PERIODS_STARTED];
}

static __always_inline void rs_period_started(bool expedited, __u64 gp_seq, __u64 ns)
{
	struct rs_period_start *start = rs_period_place(expedited, gp_seq);

	start->gp_seq = gp_seq;
	start->ns = summary_open ? ns : 0;
}

/*
 * Expedited grace periods may end on two CPUs at the same time. Maximum number of attempts if the
 * other CPU wins the compare-and-swap.
 */
#define RS_PERIOD_TRIES 8

static __always_inline void rs_keep_greatest(__u64 *place, __u64 value)
{
	for (int i = 0; i < RS_PERIOD_TRIES; i++) {
		__u64 kept = *place;

		if (value <= kept || __sync_val_compare_and_swap(place, kept, value) == kept)
			break;
	}
}

/* Replaces the smallest of the kept durations, if that is smaller than `duration`. */
static __always_inline void rs_keep_longest(struct rs_durations *durations, __u64 duration)
{
	for (int i = 0; i < RS_PERIOD_TRIES; i++) {
		__u64 *least = &durations->longest[0], kept = *least;

		for (int j = 1; j < RS_KEPT_LONGEST; j++) {
			if (durations->longest[j] < kept) {
				least = &durations->longest[j];
				kept = *least;
			}
		}
		if (duration <= kept || __sync_val_compare_and_swap(least, kept, duration) == kept)
			break;
	}
}

static __always_inline __u64 rs_duration(__u64 from_ns, __u64 to_ns)
{
	__u64 duration = to_ns > from_ns ? to_ns - from_ns : 0;

	return duration < RS_LONGEST_DURATION ? duration : RS_LONGEST_DURATION;
}

static __always_inline void rs_count_bucket(struct rs_buckets *buckets, __u64 bucket)
{
	if (bucket < RS_BUCKETS)
		__sync_fetch_and_add(&buckets->counts[bucket], 1);
}

static __always_inline void rs_period_ended(bool expedited, __u64 gp_seq, __u64 ns)
{
	struct rs_period_start *start = rs_period_place(expedited, gp_seq);
	__u32 kind = expedited ? 1 : 0;
	struct rs_durations *durations = bpf_map_lookup_elem(&summary_periods, &kind);
	__u64 duration;

	/* A grace period that began before the window opened does not count. */
	if (!durations || !summary_open || start->gp_seq != gp_seq || !start->ns)
		return;
	duration = rs_duration(start->ns, ns);
	start->ns = 0;
	__sync_fetch_and_add(&durations->count, 1);
	__sync_fetch_and_add(&durations->sum, duration);
	rs_keep_greatest(&durations->shortest, ~duration);
	rs_keep_longest(durations, duration);
	rs_count_bucket(&durations->buckets, rs_bucket_of(duration));
}

#endif /* RCUSCOPE_SUMMARY_PERIODS_H */
