// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <optional>
#include <vector>

#include "timeline/model.hpp"

namespace rcuscope {

// What a callback's life was spent on; the sum is the time from queued to done.
struct CallbackShares {
    Nanoseconds waiting_for_start = 0;      // of its grace period
    Nanoseconds waiting_for_end = 0;        // of that
    Nanoseconds waiting_for_invocation = 0; // ready: behind others, a batch limit, a softirq that does not run
    Nanoseconds running = 0;
};

// None if the callback is not done, or its grace period or that one's start or end is not known.
std::optional<CallbackShares> shares_of(const Callback& callback, const std::vector<GracePeriod>& grace_periods);

} // namespace rcuscope
