// SPDX-License-Identifier: BSD-2-Clause
//
// Tests whether RCU became slower between two sets of recordings: `baseline` and `current`. A run is one recording.
// docs/check.md defines the verdicts and gives their error rates.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "analysis/metric.hpp"
#include "analysis/ranks.hpp"

namespace rcuscope {

// A recording that takes part in a check.
struct RunDigest {
    std::string name; // the name of its file
    Digest digest;
};

// Effects are in hundredths of a percent: 1000 is 10 %.
struct CompareOptions {
    std::vector<Metric> metrics;                  // percentiles of durations; empty: the default metrics
    std::vector<double> percents = {50, 99};      // the percentiles of the default metrics
    std::int64_t min_effect = 1'000;              // a smaller effect is neither "worse" nor "better"
    std::int64_t rule_out = 10'000;               // "same" excludes a slowdown of this size
    static constexpr std::uint64_t permille = 25; // probability of any false "worse"; the same for any false "better"
    static constexpr std::size_t max_runs = 100;  // on each side
};

enum class Change : std::uint8_t { same, better, unknown, worse };
const char* to_text(Change change); // "same", "better", "not enough data to tell", "worse"

struct ComparedMetric {
    Metric metric;
    Change verdict = Change::unknown;
    std::string why; // text for the user: the slowdown that is excluded, or the data that is missing
    Estimate current;
    Estimate baseline;
    Effect effect;
    std::optional<Significance> significance; // none: a run has too few events, or there are too few runs
};

struct Comparison {
    // The first of worse, unknown, better, same that any metric has.
    Change verdict = Change::unknown;
    std::vector<ComparedMetric> metrics;
    struct LeftOut {
        std::string name;
        std::string why;
    };
    std::vector<LeftOut> left_out; // default metrics that were not compared
};

// The number of events that each run must have, so that two events are expected beyond the percentile: 200 for p99.
std::uint64_t events_needed(double percent);

// Fails with ExitCode::bad_input unless the metric is a percentile above 0 and below 100.
Status can_be_compared(const Metric& metric);

// Each side must have at least one run. Fails with ExitCode::bad_input if there are too many runs, if a metric cannot
// be compared, or if a current run has no event of a metric for which every baseline run has enough events.
Result<Comparison> compare(const std::vector<RunDigest>& current, const std::vector<RunDigest>& baseline,
                           const CompareOptions& options);

// Formats hundredths of a percent: "+12.3 %", "-4.0 %", "+230 %".
std::string effect_text(std::int64_t effect);

} // namespace rcuscope
