// SPDX-License-Identifier: BSD-2-Clause
//
// Rank statistics over runs, exact where that is possible, in whole numbers and
// additions of doubles alone: the same input gives the same bits on any machine.
//
// A run is one number here (a quantile of what a recording saw), because what is
// within a recording is not independent: the runs are what may be relabelled.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace rcuscope {

// One value for each run, of both sides.
struct TwoSides {
    std::vector<std::int64_t> current;
    std::vector<std::int64_t> baseline;
};

// A probability as it was counted: `of` relabelings of `all`.
struct Share {
    std::uint64_t of = 1;
    std::uint64_t all = 1;

    // 25 per mille is 2.5 %.
    bool at_most_permille(std::uint64_t permille) const { return of * 1000 <= all * permille; }
};

// How probable it is that some question would show as much as this one did were
// all runs of one kind: adjusted for all that is asked at once (Westfall and
// Young's step-down maxT over the ranks' sum, with one relabeling of the runs for all).
struct Significance {
    Share greater; // that current is greater
    Share less;
};

// Every element has as many runs on each side as the others, at least one.
// Up to 100,000 relabelings each is tried, of more 99,999 that are drawn with a fixed seed, and the actual one.
std::vector<Significance> significance(const std::vector<TwoSides>& questions);

// The smallest share that significance() can give with so many runs.
Share smallest_share(std::size_t current, std::size_t baseline);

struct Interval {
    std::int64_t low = 0;
    std::int64_t high = 0;
    bool operator==(const Interval&) const = default;
};

struct Estimate {
    std::int64_t value = 0;
    Interval interval;
    std::uint32_t coverage_permille = 0; // of the interval, rounded down
};

// The median of runs, with the narrowest interval of order statistics that covers it with 95 %;
// of fewer than six runs smallest and greatest, which cover less.
Estimate median_of_runs(std::vector<std::int64_t> values);

// By how much current is greater, in hundredths of a percent: the median of all ratios of one run to another
// (Hodges and Lehmann), and the interval that goes with the rank test, of 95 % at least: none with too few runs.
// Values below 1 count as 1.
struct Effect {
    std::int64_t value = 0;
    std::optional<Interval> interval;
};
Effect effect_of(const TwoSides& sides);

} // namespace rcuscope
