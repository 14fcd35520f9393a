// SPDX-License-Identifier: BSD-2-Clause
//
// The result of a check as JUnit XML, with a test case for each metric, each budget and each run that lost records.
#include <ostream>

#include "base/duration.hpp"
#include "base/markup.hpp"
#include "cli/check_result.hpp"

namespace rcuscope {

namespace {

enum class As { passed, failed, skipped, error };

struct Case {
    const char* group; // "comparison", "budget"
    std::string name;
    As as = As::passed;
    std::string message;
    std::vector<std::string> lines{}; // details of a failure
};

As unless_strict(bool strict) {
    return strict ? As::failed : As::skipped;
}

Case case_of(const ComparedMetric& row, bool strict, const std::vector<std::string>& longest) {
    Case result{.group = "comparison", .name = row.metric.text(), .message = to_text(row.verdict)};
    if (row.verdict == Change::worse) {
        result.as = As::failed;
        result.message += ": " + duration_text(row.baseline.value) + " before, " + duration_text(row.current.value) +
                          " now, " + effect_text(row.effect.value);
        result.lines = longest;
    } else if (row.verdict == Change::unknown) {
        result.as = unless_strict(strict);
        result.message += ": " + row.why;
    }
    return result;
}

Case case_of(const BudgetResult& budget, const CheckResult& check) {
    Case result{.group = "budget", .name = budget.budget.text, .message = to_text(budget.verdict)};
    const std::string& run = check.current[budget.worst_run].name;
    if (budget.verdict == BudgetVerdict::exceeded) {
        result.as = As::failed;
        result.message += ": " + value_text(budget.budget.metric, *budget.worst) + " in " + run;
    } else if (budget.verdict == BudgetVerdict::unknown) {
        result.as = unless_strict(check.strict);
        result.message += ": " + budget.why + ", in " + run;
    }
    return result;
}

std::vector<Case> cases_of(const CheckResult& result) {
    constexpr std::size_t shown = 3;
    std::vector<std::string> longest{"Holders of the longest grace periods of the current runs:"};
    for (const HeldInRun& held : longest_of(result.current, shown))
        longest.push_back(held.run + ": " + held.held.text);
    std::vector<Case> cases;
    if (result.comparison)
        for (const ComparedMetric& row : result.comparison->metrics)
            cases.push_back(case_of(row, result.strict, longest));
    for (const BudgetResult& budget : result.budgets)
        cases.push_back(case_of(budget, result));
    for (const RunDigest& run : result.current)
        if (run.digest.lost > 0)
            cases.push_back({.group = "recording",
                             .name = run.name,
                             .as = unless_strict(result.strict),
                             .message = std::to_string(run.digest.lost) + " records were lost"});
    return cases;
}

std::size_t count(const std::vector<Case>& cases, As as) {
    std::size_t count = 0;
    for (const Case& each : cases)
        count += each.as == as;
    return count;
}

const char* element_of(As as) {
    return as == As::failed ? "failure" : as == As::error ? "error" : "skipped";
}

void write_cases(const std::vector<Case>& cases, std::ostream& stream) {
    XmlOut out(stream);
    const auto write_counts = [&] {
        out << "tests=\"" << cases.size() << "\" failures=\"" << count(cases, As::failed) << "\" errors=\""
            << count(cases, As::error) << "\" skipped=\"" << count(cases, As::skipped) << "\">\n";
    };
    out << "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites ";
    write_counts();
    out << "  <testsuite name=\"rcuscope check\" ";
    write_counts();
    for (const Case& each : cases) {
        out << "    <testcase classname=\"rcuscope." << each.group << "\" name=\"" << each.name << "\"";
        if (each.as == As::passed) {
            out << "/>\n";
            continue;
        }
        const char* element = element_of(each.as);
        out << ">\n      <" << element << " message=\"" << each.message << "\"";
        if (each.lines.empty()) {
            out << "/>\n";
        } else {
            out << ">";
            for (const std::string& line : each.lines)
                out << line << "\n";
            out << "</" << element << ">\n";
        }
        out << "    </testcase>\n";
    }
    out << "  </testsuite>\n</testsuites>\n";
}

} // namespace

void write_check_junit(const CheckResult& result, std::ostream& out) {
    write_cases(cases_of(result), out);
}

void write_failed_junit(const Error& error, std::ostream& out) {
    write_cases({{.group = "check",
                  .name = "rcuscope check",
                  .as = As::error,
                  .message = error.what + ": " + error.why,
                  .lines = {error.hint}}},
                out);
}

} // namespace rcuscope
