// SPDX-License-Identifier: BSD-2-Clause
#include "analysis/compare.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "analysis/describe.hpp"

namespace rcuscope {

namespace {

constexpr std::int64_t whole = 10'000; // 100 %

// Few metrics, since five runs on each side can answer only six questions. The waits and the parts of a callback's
// latency depend on these metrics. The user asks for metrics of one module with --metric.
constexpr std::array<const char*, 3> by_default{"gp", "gp.expedited", "callback.latency"};

std::uint64_t fewest_events(const Metric& metric, const std::vector<RunDigest>& runs) {
    std::uint64_t fewest = events_behind(metric, runs.front().digest);
    for (const RunDigest& run : runs)
        fewest = std::min(fewest, events_behind(metric, run.digest));
    return fewest;
}

std::vector<std::int64_t> values_of(const Metric& metric, const std::vector<RunDigest>& runs) {
    std::vector<std::int64_t> values;
    for (const RunDigest& run : runs)
        if (const auto value = value_of(metric, run.digest))
            values.push_back(*value);
    return values;
}

// Always contains the metrics of grace periods, even with too few events: every comparison is about them.
std::vector<Metric> default_metrics(const std::vector<RunDigest>& baseline, const std::vector<double>& percents,
                                    std::vector<Comparison::LeftOut>& left_out) {
    std::vector<Metric> metrics;
    for (const char* name : by_default)
        for (const double percent : percents) {
            Metric metric = percentile_of(name, percent);
            const std::uint64_t fewest = fewest_events(metric, baseline);
            if (const std::uint64_t needed = events_needed(percent);
                fewest < needed && metric.name != by_default.front())
                left_out.push_back({metric.text(), "a baseline run has " + counted(fewest, "event") + ", and " +
                                                       std::to_string(needed) + " are needed"});
            else
                metrics.push_back(std::move(metric));
        }
    return metrics;
}

// Fails if a current run has no events where all baseline runs have enough: a load that did not run must not pass.
Status refuse_nothing(const Metric& metric, const std::vector<RunDigest>& current,
                      const std::vector<RunDigest>& baseline) {
    if (fewest_events(metric, baseline) < events_needed(metric.percent))
        return {};
    for (const RunDigest& run : current)
        if (events_behind(metric, run.digest) == 0)
            return fail(ExitCode::bad_input, "cannot compare " + metric.name,
                        run.name + " has no such events, and every baseline run has some",
                        "check that the load ran; to leave the metric out, name the others with --metric");
    return {};
}

// Says which data is missing for a comparison. Empty if there is enough.
std::string what_is_missing(const Metric& metric, const std::vector<RunDigest>& current,
                            const std::vector<RunDigest>& baseline) {
    if (!smallest_share(current.size(), baseline.size()).at_most_permille(CompareOptions::permille))
        return counted(current.size(), "current run") + " and " + counted(baseline.size(), "baseline run") +
               ": at least four of each are needed";
    const std::uint64_t needed = events_needed(metric.percent);
    for (const auto& [side, runs] : {std::pair("current", &current), std::pair("baseline", &baseline)})
        if (const std::uint64_t fewest = fewest_events(metric, *runs); fewest < needed)
            return "a " + std::string(side) + " run has " + counted(fewest, "event") + ", and " +
                   std::to_string(needed) + " are needed";
    return {};
}

// True if `change` is a speedup by at least the inverse factor of a slowdown of `effect`: -9.09 % for 10 %.
bool as_much_faster(std::int64_t change, std::int64_t effect) {
    return static_cast<double>(whole + change) * static_cast<double>(whole + effect) <=
           static_cast<double>(whole) * static_cast<double>(whole);
}

void judge(ComparedMetric& row, const CompareOptions& options) {
    const Interval interval = row.effect.interval.value_or(Interval{});
    const auto within = [&](const Share& share) { return share.at_most_permille(CompareOptions::permille); };
    const std::string at_most = effect_text(std::max<std::int64_t>(interval.high, 0));
    if (within(row.significance->greater) && row.effect.value >= options.min_effect) {
        row.verdict = Change::worse;
    } else if (within(row.significance->less) && as_much_faster(row.effect.value, options.min_effect)) {
        row.verdict = Change::better;
    } else if (interval.high < std::max(options.rule_out, options.min_effect)) {
        row.verdict = Change::same;
        row.why = "more than " + at_most + " is ruled out";
    } else {
        row.why = "up to " + at_most + " is not ruled out";
    }
}

Change overall(const std::vector<ComparedMetric>& rows) {
    Change limit = Change::same;
    for (const ComparedMetric& row : rows)
        limit = std::max(limit, row.verdict);
    return limit;
}

} // namespace

const char* to_text(Change change) {
    switch (change) {
    case Change::same:
        return "same";
    case Change::better:
        return "better";
    case Change::worse:
        return "worse";
    case Change::unknown:
        break;
    }
    return "not enough data to tell";
}

std::uint64_t events_needed(double percent) {
    const double beyond = std::min(percent, 100 - percent);
    if (beyond <= 0)
        return 1;
    // Rounded to 1/10,000 of a percent: in doubles, 100 - 99.9 is a little more than 0.1.
    return std::max<std::uint64_t>(10, static_cast<std::uint64_t>(std::ceil(2e6 / std::round(beyond * 1e4))));
}

Status can_be_compared(const Metric& metric) {
    if (metric.is_duration() && metric.percent > 0 && metric.percent < 100)
        return {};
    return fail(ExitCode::bad_input, "cannot compare " + metric.text(),
                "only percentiles between 0 and 100 are compared",
                metric.is_duration() ? "write " + metric.name + ".p99, or limit it with --budget"
                                     : "limit it with --budget '" + metric.text() + "<=N'");
}

Result<Comparison> compare(const std::vector<RunDigest>& current, const std::vector<RunDigest>& baseline,
                           const CompareOptions& options) {
    for (const auto& [side, runs] : {std::pair("current", &current), std::pair("baseline", &baseline)})
        if (runs->size() > CompareOptions::max_runs)
            return fail(ExitCode::bad_input, "cannot compare",
                        std::to_string(runs->size()) + " " + side + " runs are more than the limit of " +
                            std::to_string(CompareOptions::max_runs),
                        "name fewer files");
    Comparison comparison;
    const auto metrics =
        options.metrics.empty() ? default_metrics(baseline, options.percents, comparison.left_out) : options.metrics;
    std::vector<TwoSides> questions;
    std::vector<std::size_t> asked; // the row of each question
    for (const Metric& metric : metrics) {
        if (auto can = can_be_compared(metric); !can)
            return tl::unexpected(can.error());
        if (auto there = refuse_nothing(metric, current, baseline); !there)
            return tl::unexpected(there.error());
        const TwoSides sides{values_of(metric, current), values_of(metric, baseline)};
        ComparedMetric row{.metric = metric,
                           .why = what_is_missing(metric, current, baseline),
                           .current = median_of_runs(sides.current),
                           .baseline = median_of_runs(sides.baseline),
                           .effect = effect_of(sides),
                           .significance = {}};
        if (row.why.empty()) {
            questions.push_back(sides);
            asked.push_back(comparison.metrics.size());
        }
        comparison.metrics.push_back(std::move(row));
    }
    const auto answers = significance(questions);
    for (std::size_t i = 0; i < asked.size(); ++i) {
        ComparedMetric& row = comparison.metrics[asked[i]];
        row.significance = answers[i];
        judge(row, options);
    }
    comparison.verdict = overall(comparison.metrics);
    return comparison;
}

std::string effect_text(std::int64_t effect) {
    const std::string sign = effect < 0 ? "-" : "+";
    const std::uint64_t size = effect < 0 ? 0 - static_cast<std::uint64_t>(effect) : static_cast<std::uint64_t>(effect);
    const std::uint64_t tenths = (size + 5) / 10;
    if (tenths >= 1000)
        return sign + std::to_string((tenths + 5) / 10) + " %";
    return sign + std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " %";
}

} // namespace rcuscope
