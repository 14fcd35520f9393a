// SPDX-License-Identifier: BSD-2-Clause
//
// The result of a check as JUnit XML, with a test case for each metric, each budget and each run that lost records.
#include <ostream>
#include <pugixml.hpp>

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
                             .message = std::to_string(run.digest.lost) + " events were lost"});
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

void set_attribute(pugi::xml_node node, const char* name, std::string_view text) {
    node.append_attribute(name).set_value(xml_characters(text).c_str());
}

void add_counts(pugi::xml_node node, const std::vector<Case>& cases) {
    node.append_attribute("tests").set_value(cases.size());
    node.append_attribute("failures").set_value(count(cases, As::failed));
    node.append_attribute("errors").set_value(count(cases, As::error));
    node.append_attribute("skipped").set_value(count(cases, As::skipped));
}

void add_case(pugi::xml_node suite, const Case& each) {
    pugi::xml_node node = suite.append_child("testcase");
    set_attribute(node, "classname", std::string("rcuscope.") + each.group);
    set_attribute(node, "name", each.name);
    if (each.as == As::passed)
        return;
    pugi::xml_node result = node.append_child(element_of(each.as));
    set_attribute(result, "message", each.message);
    std::string details;
    for (const std::string& line : each.lines)
        details += xml_characters(line) + "\n";
    if (!details.empty())
        result.append_child(pugi::node_pcdata).set_value(details.c_str());
}

void write_cases(const std::vector<Case>& cases, std::ostream& out) {
    pugi::xml_document document;
    pugi::xml_node declaration = document.append_child(pugi::node_declaration);
    declaration.append_attribute("version").set_value("1.0");
    declaration.append_attribute("encoding").set_value("UTF-8");
    pugi::xml_node suites = document.append_child("testsuites");
    add_counts(suites, cases);
    pugi::xml_node suite = suites.append_child("testsuite");
    set_attribute(suite, "name", "rcuscope check");
    add_counts(suite, cases);
    for (const Case& each : cases)
        add_case(suite, each);
    document.save(out, "  ");
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
