// SPDX-License-Identifier: BSD-2-Clause
//
// The result of a check as JSON; docs/check.schema.json describes it.
#include <nlohmann/json.hpp>
#include <ostream>

#include "base/json_text.hpp"
#include "cli/check_result.hpp"

namespace rcuscope {

namespace {

using Json = nlohmann::ordered_json;

// Converts hundredths of a percent to percent.
Json percent(std::int64_t hundredths) {
    return static_cast<double>(hundredths) / 100;
}

Json interval_json(const std::optional<Interval>& interval, Json (*value)(std::int64_t)) {
    if (!interval)
        return nullptr;
    return {{"low", value(interval->low)}, {"high", value(interval->high)}};
}

Json estimate_json(const Estimate& estimate) {
    return {{"value_ns", estimate.value},
            {"low_ns", estimate.interval.low},
            {"high_ns", estimate.interval.high},
            {"coverage_percent", static_cast<double>(estimate.coverage_permille) / 10}};
}

Json share_json(const Share& share) {
    return {{"relabelings", share.of}, {"of", share.all}};
}

Json metric_json(const ComparedMetric& row) {
    return {{"metric", row.metric.text()},
            {"verdict", to_text(row.verdict)},
            {"why", row.why},
            {"baseline", row.baseline.value > 0 ? estimate_json(row.baseline) : Json()},
            {"current", row.current.value > 0 ? estimate_json(row.current) : Json()},
            {"effect_percent", percent(row.effect.value)},
            {"effect_interval_percent", interval_json(row.effect.interval, percent)},
            {"slower", row.significance ? share_json(row.significance->greater) : Json()},
            {"faster", row.significance ? share_json(row.significance->less) : Json()}};
}

Json runs_json(const std::vector<RunDigest>& runs) {
    Json rows = Json::array();
    for (const RunDigest& run : runs)
        rows.push_back({{"name", run.name},
                        {"kernel", run.digest.host.kernel},
                        {"recorded_ns", run.digest.recorded},
                        {"complete", run.digest.complete},
                        {"lost", run.digest.lost}});
    return rows;
}

Json comparison_json(const CheckResult& result) {
    if (!result.comparison)
        return nullptr;
    Json metrics = Json::array();
    for (const ComparedMetric& row : result.comparison->metrics)
        metrics.push_back(metric_json(row));
    Json left_out = Json::array();
    for (const auto& each : result.comparison->left_out)
        left_out.push_back({{"metric", each.name}, {"why", each.why}});
    Json differences = Json::array();
    for (const Difference& difference : result.differences)
        differences.push_back(
            {{"setting", difference.setting}, {"decides", difference.decides}, {"values", difference.values}});
    return {{"verdict", to_text(result.comparison->verdict)},
            {"min_effect_percent", percent(result.options.min_effect)},
            {"rule_out_percent", percent(result.options.rule_out)},
            {"baseline", runs_json(result.baseline)},
            {"metrics", metrics},
            {"left_out", left_out},
            {"differences", differences}};
}

Json budgets_json(const CheckResult& result) {
    Json budgets = Json::array();
    for (const BudgetResult& budget : result.budgets)
        budgets.push_back({{"budget", budget.budget.text},
                           {"metric", budget.budget.metric.text()},
                           {"unit", budget.budget.metric.is_duration() ? "ns" : ""},
                           {"limit", budget.budget.limit},
                           {"verdict", to_text(budget.verdict)},
                           {"why", budget.why},
                           {"worst", budget.worst ? Json(*budget.worst) : Json()},
                           {"worst_run", result.current[budget.worst_run].name},
                           {"exceeded_runs", budget.exceeded_runs}});
    return budgets;
}

} // namespace

void write_check_json(const CheckResult& result, std::ostream& out) {
    constexpr std::size_t longest = 5;
    const std::string why_not = why_not_passed(result);
    Json held = Json::array();
    for (const HeldInRun& each : longest_of(result.current, longest))
        held.push_back({{"run", each.run}, {"duration_ns", each.held.duration}, {"text", each.held.text}});
    const Json json{{"schema", "rcuscope.check/1"},
                    {"passed", why_not.empty()},
                    {"why_not", why_not},
                    {"strict", result.strict},
                    {"current", runs_json(result.current)},
                    {"comparison", comparison_json(result)},
                    {"budgets", budgets_json(result)},
                    {"longest_grace_periods", held}};
    out << JsonText(json, 2).text() << "\n";
}

} // namespace rcuscope
