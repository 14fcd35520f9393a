// SPDX-License-Identifier: BSD-2-Clause
//
// Rank statistics over runs: permutation tests, medians and confidence intervals. They are exact where the number of
// permutations allows it. They use integers and additions of doubles, so the same input gives the same bits on every
// machine.
//
// A run is one number here: a quantile of one recording. The events within a recording are not independent, so a
// permutation test may relabel whole runs only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace rcuscope {

// One value for each run of both sides.
struct TwoSides {
    std::vector<std::int64_t> current;
    std::vector<std::int64_t> baseline;
};

// A probability as a fraction: `of` of `all` relabelings.
struct Share {
    std::uint64_t of = 1;
    std::uint64_t all = 1;

    // 25 per mille is 2.5 %.
    bool at_most_permille(std::uint64_t permille) const { return of * 1000 <= all * permille; }
};

// Adjusted p-values: the probability that any question shows an effect at least this large if both sides have the same
// distribution. The adjustment for multiple questions is Westfall and Young's step-down maxT over rank sums; one
// relabeling of the runs applies to all questions.
struct Significance {
    Share greater; // for "current is greater"
    Share less;    // for "current is less"
};

// All questions must have the same number of runs on each side, at least one. Up to 100,000 relabelings: all are tried.
// With more: 99,999 are drawn with a fixed seed, and the actual labeling is added.
std::vector<Significance> significance(const std::vector<TwoSides>& questions);

// The smallest share that significance() can return for these numbers of runs.
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

// The median of the runs, and the narrowest interval of order statistics that covers the true median with 95 %. With
// fewer than six runs the interval is minimum and maximum, which cover less.
Estimate median_of_runs(std::vector<std::int64_t> values);

// By how much current is greater than baseline, in hundredths of a percent: the median of all ratios of a current run
// to a baseline run (Hodges and Lehmann). The interval belongs to the rank test and covers at least 95 %; none with too
// few runs. Values below 1 count as 1.
struct Effect {
    std::int64_t value = 0;
    std::optional<Interval> interval;
};
Effect effect_of(const TwoSides& sides);

} // namespace rcuscope
