// SPDX-License-Identifier: BSD-2-Clause
//
// Budgets: absolute limits on the metrics of a digest, such as "gp.p99<50ms" or "hazards==0". Parses them and judges
// the runs of a check against them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "analysis/compare.hpp"
#include "analysis/metric.hpp"

namespace rcuscope {

enum class Relation : std::uint8_t { less, at_most, greater, at_least, equal };

struct Budget {
    std::string text; // as the user gave it
    Metric metric;
    Relation relation = Relation::less;
    std::int64_t limit = 0; // nanoseconds if the metric is a duration, else a count
};

// The error names the part that is wrong: the metric, the relation, the limit or its unit.
Result<Budget> parse_budget(std::string_view text);

enum class BudgetVerdict : std::uint8_t {
    kept,
    exceeded,
    unknown, // the metric has no value, or records were lost and a lost one may exceed the limit
};
const char* to_text(BudgetVerdict verdict); // "kept", "exceeded", "unknown"

// Every run must keep the budget. The result reports the worst run.
struct BudgetResult {
    Budget budget;
    BudgetVerdict verdict = BudgetVerdict::unknown;
    std::optional<std::int64_t> worst; // none: no run has a value
    std::size_t worst_run = 0;     // index of the run with `worst`; if the verdict is unknown, the first unknown run
    std::size_t exceeded_runs = 0; // number of runs that exceed the budget
    std::string why;               // the reason if the verdict is unknown, else empty
};
BudgetResult judge(const Budget& budget, const std::vector<RunDigest>& runs);

} // namespace rcuscope
