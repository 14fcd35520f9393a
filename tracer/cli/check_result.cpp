// SPDX-License-Identifier: BSD-2-Clause
#include "cli/check_result.hpp"

#include <algorithm>

namespace rcuscope {

namespace {

// Appends "WHAT: a, b", after "; " if the text is not empty. Appends nothing if there are no names.
void add_names(std::string& text, const char* what, const std::vector<std::string>& names) {
    if (names.empty())
        return;
    text += (text.empty() ? "" : "; ") + std::string(what) + ": ";
    for (const std::string& name : names)
        text += (&name == &names.front() ? "" : ", ") + name;
}

std::vector<std::string> metrics_with(const CheckResult& result, Change verdict) {
    std::vector<std::string> names;
    if (result.comparison)
        for (const ComparedMetric& row : result.comparison->metrics)
            if (row.verdict == verdict)
                names.push_back(row.metric.text());
    return names;
}

std::vector<std::string> budgets_with(const CheckResult& result, BudgetVerdict verdict) {
    std::vector<std::string> names;
    for (const BudgetResult& budget : result.budgets)
        if (budget.verdict == verdict)
            names.push_back(budget.budget.text);
    return names;
}

std::vector<std::string> lossy(const std::vector<RunDigest>& runs) {
    std::vector<std::string> names;
    for (const RunDigest& run : runs)
        if (run.digest.lost > 0)
            names.push_back(run.name);
    return names;
}

} // namespace

std::string why_not_passed(const CheckResult& result) {
    std::string why;
    add_names(why, "worse", metrics_with(result, Change::worse));
    add_names(why, "over budget", budgets_with(result, BudgetVerdict::exceeded));
    if (result.strict) {
        add_names(why, "not enough data to tell", metrics_with(result, Change::unknown));
        add_names(why, "unknown", budgets_with(result, BudgetVerdict::unknown));
        add_names(why, "events were lost", lossy(result.current));
    }
    return why;
}

std::vector<HeldInRun> longest_of(const std::vector<RunDigest>& runs, std::size_t limit) {
    std::vector<HeldInRun> longest;
    for (const RunDigest& run : runs)
        for (const Digest::Held& held : run.digest.longest)
            longest.push_back({run.name, held});
    std::stable_sort(longest.begin(), longest.end(),
                     [](const HeldInRun& a, const HeldInRun& b) { return a.held.duration > b.held.duration; });
    longest.resize(std::min(limit, longest.size()));
    return longest;
}

} // namespace rcuscope
