// SPDX-License-Identifier: BSD-2-Clause
//
// Rows of the JSON timeline (json.cpp) that need neither the whole timeline nor options.
#pragma once

#include <cstdint>

#include "analysis/backlog_series.hpp"
#include "analysis/holders.hpp"
#include "base/json_row.hpp"
#include "timeline/model.hpp"

namespace rcuscope {

// `Text`: std::string or PooledString.
template <typename Text>
void text_or_null(JsonRow& row, const Text& text) {
    if (text.empty())
        row.value(nullptr);
    else
        row.value(text);
}

// `held_by`: nullptr if it has no holder. `released`: the number of callbacks that it released.
void grace_period_row(JsonRow& row, const GracePeriod& gp, const Holder* held_by, std::uint64_t released);
// One series, in columns.
void backlog_row(JsonRow& row, const BacklogSeries& series);

} // namespace rcuscope
