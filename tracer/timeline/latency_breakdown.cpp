// SPDX-License-Identifier: BSD-2-Clause
#include "timeline/latency_breakdown.hpp"

namespace rcuscope {

std::optional<LatencyBreakdown> latency_breakdown(const Callback& callback,
                                                  const std::vector<GracePeriod>& grace_periods) {
    const GracePeriod* by = released_by(callback, grace_periods);
    return by != nullptr ? shares_between(callback.queued, by->start, by->end, callback.invoked, callback.done)
                         : std::nullopt;
}

} // namespace rcuscope
