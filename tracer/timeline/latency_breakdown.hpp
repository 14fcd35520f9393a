// SPDX-License-Identifier: BSD-2-Clause
//
// Splits the time from the queueing of a callback to its end into what it waited for, in nanoseconds.
#pragma once

#include <optional>
#include <vector>

#include "timeline/model.hpp"
#include "timeline/moment.hpp"

namespace rcuscope {

// Parts of the time from queued to done; their sum is that time.
struct LatencyBreakdown {
    Nanoseconds waiting_for_start = 0; // until its grace period started
    Nanoseconds waiting_for_end = 0;   // until it ended
    Nanoseconds waiting_for_invocation =
        0; // ready, but delayed by other callbacks, a batch limit, or a softirq that does not run
    Nanoseconds running = 0;
};

// The grace period that released a callback; nullptr: not known. A grace period's id is its index plus 1.
inline const GracePeriod* released_by(const Callback& callback, const std::vector<GracePeriod>& grace_periods) {
    return callback.grace_period && *callback.grace_period <= grace_periods.size()
               ? &grace_periods[*callback.grace_period - 1]
               : nullptr;
}

// `started`, `ended`: of its grace period. None if any time is not known.
inline std::optional<LatencyBreakdown> shares_between(Nanoseconds queued, MaybeTime started, MaybeTime ended,
                                                      MaybeTime invoked, MaybeTime done) {
    if (!started || !ended || !invoked || !done)
        return std::nullopt;
    return LatencyBreakdown{.waiting_for_start = elapsed(queued, *started),
                            .waiting_for_end = elapsed(*started, *ended),
                            .waiting_for_invocation = elapsed(*ended, *invoked),
                            .running = elapsed(*invoked, *done)};
}

// None if the callback is not done, or if its grace period, or the start or end of that, is not known.
std::optional<LatencyBreakdown> latency_breakdown(const Callback& callback,
                                                  const std::vector<GracePeriod>& grace_periods);

} // namespace rcuscope
