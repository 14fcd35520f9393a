// SPDX-License-Identifier: BSD-2-Clause
//
// The buckets of a histogram as JSON, for digests and reports.
#pragma once

#include "analysis/histogram.hpp"
#include "base/json_lines.hpp"

namespace rcuscope {

// [[lowest duration in ns, count], ...] of the non-empty buckets, ascending.
inline OrderedJson buckets_json(const Histogram& of) {
    OrderedJson buckets = OrderedJson::array();
    for (const auto& [lowest, count] : of.buckets())
        buckets.push_back({lowest, count});
    return buckets;
}

} // namespace rcuscope
