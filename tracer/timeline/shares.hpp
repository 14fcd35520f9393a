// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <optional>
#include <vector>

#include "timeline/model.hpp"
#include "timeline/moment.hpp"

namespace rcuscope {

// What a callback's life was spent on; the sum is the time from queued to done.
struct CallbackShares {
    Nanoseconds waiting_for_start = 0;      // of its grace period
    Nanoseconds waiting_for_end = 0;        // of that
    Nanoseconds waiting_for_invocation = 0; // ready: behind others, a batch limit, a softirq that does not run
    Nanoseconds running = 0;
};

// Nothing: not known. Ids of grace periods count from 1, by place.
inline const GracePeriod* released_by(const Callback& callback, const std::vector<GracePeriod>& grace_periods) {
    return callback.grace_period && *callback.grace_period <= grace_periods.size()
               ? &grace_periods[*callback.grace_period - 1]
               : nullptr;
}

// From the start and the end of its grace period; none if anything of that is not known.
inline std::optional<CallbackShares> shares_between(Nanoseconds queued, MaybeTime started, MaybeTime ended,
                                                    MaybeTime invoked, MaybeTime done) {
    if (!started || !ended || !invoked || !done) {
        return std::nullopt;
    }
    return CallbackShares{.waiting_for_start = elapsed(queued, *started),
                          .waiting_for_end = elapsed(*started, *ended),
                          .waiting_for_invocation = elapsed(*ended, *invoked),
                          .running = elapsed(*invoked, *done)};
}

// None if the callback is not done, or its grace period or that one's start or end is not known.
std::optional<CallbackShares> shares_of(const Callback& callback, const std::vector<GracePeriod>& grace_periods);

} // namespace rcuscope
