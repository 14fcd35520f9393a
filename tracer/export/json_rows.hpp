// SPDX-License-Identifier: BSD-2-Clause
//
// Rows of the JSON timeline (json.cpp) that need neither the whole timeline nor options.
#pragma once

#include <cstdint>
#include <string>

#include "analysis/backlog_series.hpp"
#include "analysis/holders.hpp"
#include "base/json_row.hpp"
#include "base/pooled_string.hpp"
#include "timeline/model.hpp"

namespace rcuscope {

void text_or_null(JsonRow& row, PooledString text);
void text_or_null(JsonRow& row, const std::string& text); // for texts that are not in the string pool

// `held_by`: nullptr if it has no holder. `released`: the number of callbacks that it released.
void grace_period_row(JsonRow& row, const GracePeriod& gp, const Holder* held_by, std::uint64_t released);
// One series, in columns.
void backlog_row(JsonRow& row, const BacklogSeries& series);

} // namespace rcuscope
