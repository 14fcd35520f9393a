// SPDX-License-Identifier: BSD-2-Clause
//
// A metric names one number of a digest: "gp.p99", "callback.latency.max", "gp.count", "hazards".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "analysis/digest.hpp"
#include "base/error.hpp"

namespace rcuscope {

struct Metric {
    enum class Of : std::uint8_t { durations, number_of_durations, count };
    std::string name; // a name of digest_durations or digest_counts: "gp"
    Of of = Of::durations;
    double percent = 0;  // for durations: 0 is the minimum, 100 the maximum
    std::string measure; // as the user wrote it: "p99", "max", "count"; empty for a count

    std::string text() const { return measure.empty() ? name : name + "." + measure; }
    bool is_duration() const { return of == Of::durations; }
};

// Parses "gp.p99", "gp.max", "gp.min", "gp.count", or the name of a count. The error lists the valid names.
Result<Metric> parse_metric(std::string_view text);

// The same. A name without a measure ("gp") yields one metric for each of `percents`.
Result<std::vector<Metric>> parse_metrics(std::string_view text, const std::vector<double>& percents);

Metric percentile_of(const std::string& name, double percent); // "gp", 99.9: gp.p99.9

// The number of durations in the metric's histogram; 1 for a count.
std::uint64_t events_behind(const Metric& metric, const Digest& digest);

// Nanoseconds, or a number. Nullopt if the digest lacks the metric, or if it is a percentile of no durations.
std::optional<std::int64_t> value_of(const Metric& metric, const Digest& digest);

// "12.4 ms", "17"
std::string value_text(const Metric& metric, std::int64_t value);

} // namespace rcuscope
