// SPDX-License-Identifier: BSD-2-Clause
#include "timeline/pending.hpp"

#include <algorithm>

namespace rcuscope {

PendingSteps::PendingSteps(const CaptureSummary& capture) {
    for (const Loss& loss : capture.lost) {
        loss_ends_.push_back(loss.to);
    }
    std::sort(loss_ends_.begin(), loss_ends_.end());
}

MaybeTime PendingSteps::end_of(const Callback& callback) const {
    if (callback.invoked || callback.state != CallbackState::unknown) {
        return callback.invoked;
    }
    const auto loss = std::lower_bound(loss_ends_.begin(), loss_ends_.end(), callback.queued);
    return loss == loss_ends_.end() ? std::nullopt : MaybeTime(*loss);
}

} // namespace rcuscope
