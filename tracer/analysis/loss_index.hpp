// SPDX-License-Identifier: BSD-2-Clause
//
// An index of lost records by time.
#pragma once

#include <vector>

#include "timeline/model.hpp"

namespace rcuscope {

// Answers whether any CPU lost records in a time interval, in logarithmic time.
class LossIndex {
public:
    explicit LossIndex(std::vector<Loss> losses);

    bool overlaps(Nanoseconds from, Nanoseconds to) const;

private:
    std::vector<Loss> losses_;           // sorted by `from`
    std::vector<Nanoseconds> latest_to_; // the maximum of `to` over losses_[0..i]
};

} // namespace rcuscope
