// SPDX-License-Identifier: BSD-2-Clause
#include "timeline/shares.hpp"

namespace rcuscope {

std::optional<CallbackShares> shares_of(const Callback& callback, const std::vector<GracePeriod>& grace_periods) {
    const GracePeriod* by = released_by(callback, grace_periods);
    return by != nullptr ? shares_between(callback.queued, by->start, by->end, callback.invoked, callback.done)
                         : std::nullopt;
}

} // namespace rcuscope
