// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "timeline/model.hpp"

namespace rcuscope {

// How many callbacks were queued and had not been invoked.
struct Backlog {
    std::uint64_t deepest = 0;
    Nanoseconds deepest_at = 0; // first
    MaybeTime exceeded;         // the limit, first
};

// One whose invocation may have been lost counts until the first loss that ends after it was queued: past it, nothing
// says that it was still pending.
Backlog backlog_of(const std::vector<const Callback*>& callbacks, const CaptureSummary& capture,
                   std::uint64_t limit = std::numeric_limits<std::uint64_t>::max());

} // namespace rcuscope
