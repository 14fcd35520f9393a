// SPDX-License-Identifier: BSD-2-Clause
#include "analysis/distribution.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

namespace rcuscope {

Distribution::Distribution(std::vector<Nanoseconds> durations) : sorted_(std::move(durations)) {
    std::sort(sorted_.begin(), sorted_.end());
    if (!sorted_.empty()) {
        // Floating, because the sum of many long times does not fit 64 bits.
        const double sum = std::accumulate(sorted_.begin(), sorted_.end(), 0.0, [](double total, Nanoseconds duration) {
            return total + static_cast<double>(duration);
        });
        mean_ = sum / static_cast<double>(sorted_.size());
    }
}

Nanoseconds Distribution::percentile(double percent) const {
    if (sorted_.empty()) {
        return 0;
    }
    // Multiplied before it is divided: 29 / 100.0 * 100 is a little more than 29.
    const double rank = std::ceil(std::clamp(percent, 0.0, 100.0) * static_cast<double>(sorted_.size()) / 100.0);
    return sorted_[std::max<std::size_t>(static_cast<std::size_t>(rank), 1) - 1];
}

} // namespace rcuscope
