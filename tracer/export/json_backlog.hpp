// SPDX-License-Identifier: BSD-2-Clause
//
// The rows of the JSON timeline's member `backlogs`: one series in columns for each.
#pragma once

#include "analysis/backlog_series.hpp"
#include "base/json_row.hpp"

namespace rcuscope {

void backlog_row(JsonRow& row, const BacklogSeries& series);

} // namespace rcuscope
