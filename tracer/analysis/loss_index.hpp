// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <vector>

#include "timeline/model.hpp"

namespace rcuscope {

// Answers whether records were lost in a span of time, on any CPU.
class LossIndex {
public:
    explicit LossIndex(std::vector<Loss> losses);

    bool overlaps(Nanoseconds from, Nanoseconds to) const;

private:
    std::vector<Loss> losses_;           // by from
    std::vector<Nanoseconds> latest_to_; // of the losses up to this one
};

} // namespace rcuscope
