// SPDX-License-Identifier: BSD-2-Clause
#include "timeline/shares.hpp"

#include "timeline/moment.hpp"

namespace rcuscope {

std::optional<CallbackShares> shares_of(const Callback& callback, const std::vector<GracePeriod>& grace_periods) {
    if (!callback.invoked || !callback.done || !callback.grace_period ||
        *callback.grace_period > grace_periods.size()) {
        return std::nullopt;
    }
    const GracePeriod& released_by = grace_periods[*callback.grace_period - 1]; // ids count from 1, by place
    if (!released_by.start || !released_by.end) {
        return std::nullopt;
    }
    return CallbackShares{.waiting_for_start = elapsed(callback.queued, *released_by.start),
                          .waiting_for_end = elapsed(*released_by.start, *released_by.end),
                          .waiting_for_invocation = elapsed(*released_by.end, *callback.invoked),
                          .running = elapsed(*callback.invoked, *callback.done)};
}

} // namespace rcuscope
