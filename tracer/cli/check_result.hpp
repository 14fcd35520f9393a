// SPDX-License-Identifier: BSD-2-Clause
//
// What a check came to, and the forms in which it is told. The same result
// gives the same bytes on any machine.
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
    std::vector<RunDigest> baseline;      // empty: nothing was compared
    std::vector<Difference> differences;  // that were let pass
    std::optional<Comparison> comparison; // none: nothing was compared
    std::vector<BudgetResult> budgets;
};

// Why it did not pass: "worse: gp.p50, gp.p99; over budget: gp.max<50ms". Empty: it passed.
// Strict: what is not known, and current runs that lost records, do not pass.
std::string why_not_passed(const CheckResult& result);

// The longest grace periods of the current runs, longest first, with the run's name: who held them.
struct HeldInRun {
    std::string run;
    Digest::Held held;
};
std::vector<HeldInRun> longest_of(const std::vector<RunDigest>& runs, std::size_t most);

void print_check(const CheckResult& result, bool colours, TextOut out);
void write_check_json(const CheckResult& result, std::ostream& out);  // docs/check.schema.json
void write_check_junit(const CheckResult& result, std::ostream& out); // JUnit's XML, as CI systems read it
void write_check_markdown(const CheckResult& result, std::ostream& out);

// The check came to no result: in the form of a file's ending.
void write_failed_check(const Error& error, std::string_view ending, std::ostream& out);
void write_failed_junit(const Error& error, std::ostream& out);

} // namespace rcuscope
