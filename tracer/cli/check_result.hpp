// SPDX-License-Identifier: BSD-2-Clause
//
// The result of `check`, and the functions that write it as text, JSON, JUnit XML and Markdown. The same result gives
// the same bytes on any machine.
#pragma once

#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "analysis/budget.hpp"
#include "analysis/comparable.hpp"
#include "analysis/compare.hpp"
#include "base/text_out.hpp"

namespace rcuscope {

struct CheckResult {
    bool strict = false;
    CompareOptions options;
    std::vector<RunDigest> current;
    std::vector<RunDigest> baseline;      // empty if there was no comparison
    std::vector<Difference> differences;  // settings that differ, but do not prevent a comparison or were allowed
    std::optional<Comparison> comparison; // none if there was no baseline
    std::vector<BudgetResult> budgets;
};

// Why the check did not pass: "worse: gp.p50, gp.p99; over budget: gp.max<50ms". Empty if it passed. With
// result.strict, unknown verdicts and current runs that lost records do not pass either.
std::string why_not_passed(const CheckResult& result);

// A long grace period: the name of its run, and what held it.
struct HeldInRun {
    std::string run;
    Digest::Held held;
};
// At most `most` grace periods of these runs, the longest first.
std::vector<HeldInRun> longest_of(const std::vector<RunDigest>& runs, std::size_t limit);

void print_check(const CheckResult& result, bool colours, TextOut out);
void write_check_json(const CheckResult& result, std::ostream& out);  // docs/check.schema.json
void write_check_junit(const CheckResult& result, std::ostream& out); // JUnit XML, for CI systems
void write_check_markdown(const CheckResult& result, std::ostream& out);

// Write the error of a check that has no result. `ending` (".txt", ".md", ".json", ".xml") selects the format.
void write_failed_check(const Error& error, std::string_view ending, std::ostream& out);
void write_failed_junit(const Error& error, std::ostream& out);

} // namespace rcuscope
