// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include "analysis/histogram.hpp"
#include "base/json_lines.hpp"

namespace rcuscope {

// Of each bucket that holds something its lowest duration and how many it holds; rising.
inline OrderedJson buckets_json(const Histogram& of) {
    OrderedJson buckets = OrderedJson::array();
    for (const auto& [lowest, count] : of.buckets())
        buckets.push_back({lowest, count});
    return buckets;
}

} // namespace rcuscope
