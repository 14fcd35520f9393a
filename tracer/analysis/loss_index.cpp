// SPDX-License-Identifier: BSD-2-Clause
#include "analysis/loss_index.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "timeline/moment.hpp"

namespace rcuscope {

LossIndex::LossIndex(std::vector<Loss> losses) : losses_(std::move(losses)) {
    sort_by_time(losses_, [](const Loss& loss) { return loss.from; });
    latest_to_.reserve(losses_.size());
    for (const Loss& loss : losses_)
        latest_to_.push_back(latest_to_.empty() ? loss.to : std::max(loss.to, latest_to_.back()));
}

bool LossIndex::overlaps(Nanoseconds from, Nanoseconds to) const {
    const auto after = std::upper_bound(losses_.begin(), losses_.end(), to,
                                        [](Nanoseconds t, const Loss& loss) { return t < loss.from; });
    const auto begun = std::distance(losses_.begin(), after);
    return begun > 0 && latest_to_[static_cast<std::size_t>(begun - 1)] >= from;
}

} // namespace rcuscope
