// SPDX-License-Identifier: BSD-2-Clause
#include <ostream>

#include "base/duration.hpp"
#include "base/text.hpp"
#include "cli/check_result.hpp"

namespace rcuscope {

namespace {

// As XML 1.0 takes it, in an attribute or as text: control characters are shown as on a terminal,
// and U+FFFE and U+FFFF, which are valid UTF-8, are no characters there.
std::string xml(std::string_view text) {
    std::string escaped;
    for (const char each : printable(text)) {
        switch (each) {
        case '&':
            escaped += "&amp;";
            break;
        case '<':
            escaped += "&lt;";
            break;
        case '>':
            escaped += "&gt;";
            break;
        case '"':
            escaped += "&quot;";
            break;
        case '\'':
            escaped += "&apos;";
            break;
        default:
            escaped += each;
        }
    }
    for (const char* none : {"\xef\xbf\xbe", "\xef\xbf\xbf"})
        for (std::size_t at = 0; (at = escaped.find(none, at)) != std::string::npos; at += 3)
            escaped.replace(at, 3, "\xef\xbf\xbd");
    return escaped;
}

enum class As { passed, failed, skipped, error };

struct Case {
    const char* group; // "comparison", "budget"
    std::string name;
    As as = As::passed;
    std::string message;
    std::string text{}; // of a failure, lines
};

As unless_strict(bool strict) {
    return strict ? As::failed : As::skipped;
}

Case case_of(const ComparedMetric& row, bool strict, const std::string& longest) {
    Case result{.group = "comparison", .name = row.metric.text(), .message = to_text(row.verdict)};
    if (row.verdict == Change::worse) {
        result.as = As::failed;
        result.message += ": " + duration_text(row.baseline.value) + " before, " + duration_text(row.current.value) +
                          " now, " + effect_text(row.effect.value);
        result.text = longest;
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
    std::string longest = "Who held the longest grace periods of the current runs:\n";
    for (const HeldInRun& held : longest_of(result.current, shown))
        longest += xml(held.run + ": " + held.held.text) + "\n";
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

void write_cases(const std::vector<Case>& cases, std::ostream& out) {
    const std::string counts = "tests=\"" + std::to_string(cases.size()) + "\" failures=\"" +
                               std::to_string(count(cases, As::failed)) + "\" errors=\"" +
                               std::to_string(count(cases, As::error)) + "\" skipped=\"" +
                               std::to_string(count(cases, As::skipped)) + "\"";
    out << "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        << "<testsuites " << counts << ">\n"
        << "  <testsuite name=\"rcuscope check\" " << counts << ">\n";
    for (const Case& each : cases) {
        out << "    <testcase classname=\"rcuscope." << each.group << "\" name=\"" << xml(each.name) << "\"";
        if (each.as == As::passed) {
            out << "/>\n";
            continue;
        }
        const char* element = element_of(each.as);
        out << ">\n      <" << element << " message=\"" << xml(each.message) << "\"";
        if (each.text.empty())
            out << "/>\n";
        else
            out << ">" << each.text << "</" << element << ">\n";
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
                  .text = xml(error.hint)}},
                out);
}

} // namespace rcuscope
