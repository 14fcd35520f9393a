// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <iosfwd>

#include "timeline/model.hpp"

namespace rcuscope {

// What a recording of that length cost: a table of its programs, the most expensive first, and the recorder itself.
void print_run_stats(const RunStats& stats, Nanoseconds recorded, std::ostream& out);

} // namespace rcuscope
