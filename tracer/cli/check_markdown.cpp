// SPDX-License-Identifier: BSD-2-Clause
//
// The result of a check as Markdown.
#include "base/duration.hpp"
#include "cli/check_result.hpp"
#include "report/show.hpp"

namespace rcuscope {

namespace {

std::string with_interval(const Estimate& estimate) {
    if (estimate.value <= 0)
        return "-";
    return duration_text(estimate.value) + " [" + duration_text(estimate.interval.low) + ", " +
           duration_text(estimate.interval.high) + "]";
}

Section section_of(const CheckResult& result, const Comparison& comparison) {
    Section section{.title = "Compared: " + std::to_string(result.current.size()) + " current with " +
                             std::to_string(result.baseline.size()) + " baseline runs"};
    Table table{.columns = {"metric", "baseline", "current", "effect", "verdict", "why"}, .names = 6};
    for (const ComparedMetric& row : comparison.metrics) {
        const bool values = row.current.value > 0 && row.baseline.value > 0;
        table.rows.push_back({row.metric.text(), with_interval(row.baseline), with_interval(row.current),
                              values ? effect_text(row.effect.value) : "-", to_text(row.verdict), row.why});
    }
    section.blocks.emplace_back(std::move(table));
    for (const auto& left_out : comparison.left_out)
        section.blocks.emplace_back(Item{"not compared", left_out.name + ": " + left_out.why});
    for (const Difference& difference : result.differences)
        section.blocks.emplace_back(Item{difference.decides ? "differs (allowed)" : "differs",
                                         difference.setting + " is " + difference.values});
    return section;
}

Section budgets_section(const CheckResult& result) {
    Section section{.title = "Budgets: the worst of " + std::to_string(result.current.size()) + " current runs"};
    Table table{.columns = {"budget", "worst", "verdict", "run", "why"}, .names = 5};
    for (const BudgetResult& row : result.budgets)
        table.rows.push_back({row.budget.text, row.worst ? value_text(row.budget.metric, *row.worst) : "-",
                              to_text(row.verdict), result.current[row.worst_run].name, row.why});
    section.blocks.emplace_back(std::move(table));
    return section;
}

Section longest_section(const CheckResult& result) {
    constexpr std::size_t shown = 3;
    Section section{.title = "Holders of the longest grace periods of the current runs"};
    for (const HeldInRun& held : longest_of(result.current, shown))
        section.blocks.emplace_back(Item{held.run, held.held.text});
    return section;
}

Section losses_section(const CheckResult& result) {
    Section section{.title = "Missing"};
    for (const auto* runs : {&result.current, &result.baseline})
        for (const RunDigest& run : *runs) {
            if (run.digest.lost > 0)
                section.blocks.emplace_back(Item{run.name, std::to_string(run.digest.lost) + " events were lost"});
            if (!run.digest.complete)
                section.blocks.emplace_back(Item{run.name, "it was cut off"});
        }
    return section;
}

} // namespace

void write_check_markdown(const CheckResult& result, std::ostream& out) {
    const std::string why_not = why_not_passed(result);
    Document document{why_not.empty() ? "rcuscope check: passed" : "rcuscope check: failed: " + why_not, {}};
    if (result.comparison)
        document.sections.push_back(section_of(result, *result.comparison));
    if (!result.budgets.empty())
        document.sections.push_back(budgets_section(result));
    document.sections.push_back(losses_section(result));
    if (!why_not.empty())
        document.sections.push_back(longest_section(result));
    std::erase_if(document.sections, [](const Section& section) { return section.blocks.empty(); });
    show_markdown(document, {}, out);
}

} // namespace rcuscope
