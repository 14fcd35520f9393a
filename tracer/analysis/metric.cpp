// SPDX-License-Identifier: BSD-2-Clause
#include "analysis/metric.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <span>

#include "base/duration.hpp"

namespace rcuscope {

namespace {

// "p99.9": 99.9
std::optional<double> percent_of(std::string_view measure) {
    if (measure == "min")
        return 0;
    if (measure == "max")
        return 100;
    if (!measure.starts_with('p') || measure.size() < 2 || measure[1] < '0' || measure[1] > '9')
        return std::nullopt;
    double percent = 0;
    const char* end = measure.data() + measure.size();
    const auto [rest, error] = std::from_chars(measure.data() + 1, end, percent, std::chars_format::fixed);
    if (error != std::errc() || rest != end || percent > 100)
        return std::nullopt;
    return percent;
}

std::string names_of(std::span<const DigestName> table) {
    std::string names;
    for (const DigestName& row : table)
        names += (names.empty() ? "" : ", ") + std::string(row.name);
    return names;
}

bool is_among(std::string_view name, std::span<const DigestName> table) {
    return std::any_of(
        table.begin(), table.end(), [&](const DigestName& row) { return row.name == name; });
}

std::int64_t signed_count(std::uint64_t count) {
    return static_cast<std::int64_t>(
        std::min<std::uint64_t>(count, static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())));
}

} // namespace

Metric percentile_of(const std::string& name, double percent) {
    std::array<char, 32> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), percent).ptr;
    return {.name = name,
            .of = Metric::Of::durations,
            .percent = percent,
            .measure = "p" + std::string(digits.data(), end)};
}

Result<Metric> parse_metric(std::string_view text) {
    if (is_among(text, digest_counts))
        return Metric{.name = std::string(text), .of = Metric::Of::count, .measure = ""};
    // Both names and percentiles may contain dots, so the name must match a prefix.
    for (const auto& [name, about] : digest_durations) {
        if (!text.starts_with(name) || text.size() <= name.size() || text[name.size()] != '.')
            continue;
        const std::string_view measure = text.substr(name.size() + 1);
        if (measure == "count")
            return Metric{.name = std::string(name), .of = Metric::Of::number_of_durations, .measure = "count"};
        if (const auto percent = percent_of(measure))
            return Metric{.name = std::string(name), .percent = *percent, .measure = std::string(measure)};
    }
    const std::string what = "'" + std::string(text) + "' is not a metric";
    if (is_among(text, digest_durations))
        return fail(ExitCode::bad_input, what, "it does not say which value of these durations",
                    "write " + std::string(text) + ".p99, or another percentile, .max, .min or .count");
    return fail(ExitCode::bad_input, what, "no metric has that name",
                "durations, with .p50, .p99, .max, .min or .count: " + names_of(digest_durations) +
                    "; counts: " + names_of(digest_counts));
}

Result<std::vector<Metric>> parse_metrics(std::string_view text, const std::vector<double>& percents) {
    std::vector<Metric> metrics;
    if (is_among(text, digest_durations)) {
        for (const double percent : percents)
            metrics.push_back(percentile_of(std::string(text), percent));
        return metrics;
    }
    auto metric = parse_metric(text);
    if (!metric)
        return tl::unexpected(metric.error());
    metrics.push_back(std::move(*metric));
    return metrics;
}

std::uint64_t events_behind(const Metric& metric, const Digest& digest) {
    if (metric.of == Metric::Of::count)
        return 1;
    const Histogram* durations = digest.duration(metric.name);
    return durations ? durations->count() : 0;
}

std::optional<std::int64_t> value_of(const Metric& metric, const Digest& digest) {
    if (metric.of == Metric::Of::count) {
        const auto count = digest.count(metric.name);
        return count ? std::optional(signed_count(*count)) : std::nullopt;
    }
    const Histogram* durations = digest.duration(metric.name);
    if (!durations)
        return std::nullopt;
    if (metric.of == Metric::Of::number_of_durations)
        return signed_count(durations->count());
    if (durations->count() == 0)
        return std::nullopt;
    return durations->percentile(metric.percent);
}

std::string value_text(const Metric& metric, std::int64_t value) {
    return metric.is_duration() ? duration_text(value) : std::to_string(value);
}

} // namespace rcuscope
