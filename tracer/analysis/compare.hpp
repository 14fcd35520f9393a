// SPDX-License-Identifier: BSD-2-Clause
//
// Whether RCU became slower from one set of recordings to another. What the
// verdicts mean, and how often they are wrong: docs/check.md.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "analysis/metric.hpp"
#include "analysis/ranks.hpp"

namespace rcuscope {

// A recording that takes part in a check, and what it is called.
struct RunDigest {
    std::string name; // of its file
    Digest digest;
};

// Effects are in hundredths of a percent: 1000 is 10 %.
struct CompareOptions {
    std::vector<Metric> metrics;                  // percentiles of durations; none: those that are compared by default
    std::vector<double> percents = {50, 99};      // of the default ones
    std::int64_t min_effect = 1'000;              // smaller ones are neither worse nor better
    std::int64_t rule_out = 10'000;               // "same" has excluded a slowdown of this much
    static constexpr std::uint64_t permille = 25; // for a false "worse" anywhere, and for a false "better"
    static constexpr std::size_t most_runs = 100; // on each side
};

enum class Change : std::uint8_t { same, better, unknown, worse };
const char* to_text(Change change); // "same", "better", "not enough data to tell", "worse"

struct ComparedMetric {
    Metric metric;
    Change verdict = Change::unknown;
    std::string why; // for people: what is excluded, or what is missing
    Estimate current;
    Estimate baseline;
    Effect effect;
    std::optional<Significance> significance; // none: not all runs have enough of it, or there are too few runs
};

struct Comparison {
    // worse if anything is, else unknown if anything is, else better if anything is, else same
    Change verdict = Change::unknown;
    std::vector<ComparedMetric> metrics;
    struct LeftOut {
        std::string name;
        std::string why;
    };
    std::vector<LeftOut> left_out; // of what is compared by default
};

// So many events each run must have, for two to be expected beyond the percentile: 200 for p99.
std::uint64_t events_needed(double percent);

// Whether it is a percentile between 0 and 100.
Status can_be_compared(const Metric& metric);

// Both sides have a run at least. Fails with ExitCode::bad_input if nothing at all was seen in a current run of what
// every baseline run has enough of, if there are too many runs, or if a metric cannot be compared.
Result<Comparison> compare(const std::vector<RunDigest>& current, const std::vector<RunDigest>& baseline,
                           const CompareOptions& options);

// "+12.3 %", "-4.0 %", "+230 %" of hundredths of a percent.
std::string effect_text(std::int64_t effect);

} // namespace rcuscope
