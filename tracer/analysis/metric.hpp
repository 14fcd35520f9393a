// SPDX-License-Identifier: BSD-2-Clause
//
// The names by which what a digest holds is asked for: "gp.p99", "callback.latency.max", "gp.count", "hazards".
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
    std::string name; // as a digest has it: "gp"
    Of of = Of::durations;
    double percent = 0;  // of durations: 0 is the smallest, 100 the greatest
    std::string measure; // as it was asked for: "p99", "max", "count"; empty of a count

    std::string text() const { return measure.empty() ? name : name + "." + measure; }
    bool is_duration() const { return of == Of::durations; }
};

// "gp.p99", "gp.max", "gp.min", "gp.count", or the name of a count. An error lists the names there are.
Result<Metric> parse_metric(std::string_view text);

// The same, and "gp" alone for `percents` of it.
Result<std::vector<Metric>> parse_metrics(std::string_view text, const std::vector<double>& percents);

Metric percentile_of(const std::string& name, double percent); // "gp", 99.9: gp.p99.9

// How many durations it rests on; of a count 1.
std::uint64_t events_behind(const Metric& metric, const Digest& digest);

// Nanoseconds or a number; none of durations of which there were none.
std::optional<std::int64_t> value_of(const Metric& metric, const Digest& digest);

// "12.4 ms", "17"
std::string value_text(const Metric& metric, std::int64_t value);

} // namespace rcuscope
