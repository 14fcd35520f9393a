// SPDX-License-Identifier: BSD-2-Clause
//
// Absolute limits: "gp.p99<50ms", "hazards==0".
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
    std::string text; // as it was given
    Metric metric;
    Relation relation = Relation::less;
    std::int64_t limit = 0; // nanoseconds or a number
};

// An error says what is wrong with it: the metric, the relation, the limit or its unit.
Result<Budget> parse_budget(std::string_view text);

enum class BudgetVerdict : std::uint8_t {
    kept,
    exceeded,
    unknown, // nothing was seen, or records were lost among which might be what exceeds it
};
const char* to_text(BudgetVerdict verdict); // "kept", "exceeded", "unknown"

// Each run has to keep it: what is told is the worst of them.
struct BudgetResult {
    Budget budget;
    BudgetVerdict verdict = BudgetVerdict::unknown;
    std::optional<std::int64_t> worst; // none: not known of any run
    std::size_t worst_run = 0;         // whose that is; if it is unknown, one of which it is not known
    std::size_t exceeded_runs = 0;
    std::string why; // if it is unknown
};
BudgetResult judge(const Budget& budget, const std::vector<RunDigest>& runs);

} // namespace rcuscope
