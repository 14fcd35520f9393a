// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <cstddef>
#include <vector>

#include "timeline/model.hpp"

namespace rcuscope {

// How durations are spread, exactly: every one is kept. Of no durations all is 0.
class Distribution {
public:
    Distribution() = default;
    explicit Distribution(std::vector<Nanoseconds> durations);

    std::size_t count() const { return sorted_.size(); }
    Nanoseconds min() const { return sorted_.empty() ? 0 : sorted_.front(); }
    Nanoseconds max() const { return sorted_.empty() ? 0 : sorted_.back(); }
    double mean() const { return mean_; }

    // The nearest rank: the smallest duration that `percent` in a hundred do not
    // exceed. Always one that occurred; 0 gives the smallest, 100 the greatest.
    Nanoseconds percentile(double percent) const;

private:
    std::vector<Nanoseconds> sorted_;
    double mean_ = 0;
};

} // namespace rcuscope
