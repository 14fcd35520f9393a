// SPDX-License-Identifier: BSD-2-Clause
#include "timeline/pending_counter.hpp"

#include <algorithm>

namespace rcuscope {

PendingCounter::PendingCounter(const std::vector<Loss>& losses) {
    for (const Loss& loss : losses)
        loss_ends_.push_back(loss.to);
    std::sort(loss_ends_.begin(), loss_ends_.end());
}

MaybeTime PendingCounter::first_loss_since(Nanoseconds queued) const {
    const auto loss = std::lower_bound(loss_ends_.begin(), loss_ends_.end(), queued);
    return loss == loss_ends_.end() ? std::nullopt : MaybeTime(*loss);
}

} // namespace rcuscope
