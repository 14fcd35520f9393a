// SPDX-License-Identifier: BSD-2-Clause
//
// What the page on a recording and the page on a summary have in common.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "analysis/histogram.hpp"
#include "capture/metadata.hpp"

namespace rcuscope {

// p50, p90, p99, p99.9 and max; empty if there are none.
void add_percentiles(std::vector<std::string>& row, const Histogram& of);
std::vector<std::string> with_percentiles(std::vector<std::string> columns);

std::string settings_text(const HostInfo& host);

// How many a second; empty if nothing was recorded.
std::string rate_text(std::uint64_t count, Nanoseconds recorded);

} // namespace rcuscope
