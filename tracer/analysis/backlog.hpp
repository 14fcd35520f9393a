// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <cstdint>
#include <limits>

#include "timeline/model.hpp"

namespace rcuscope {

// How many callbacks were queued and had not been invoked.
struct Backlog {
    std::uint64_t deepest = 0;
    Nanoseconds deepest_at = 0; // first
    MaybeTime exceeded;         // the limit, first
};

// Counts along the steps that PendingSteps (timeline/pending.hpp) gives.
class BacklogCount {
public:
    explicit BacklogCount(std::uint64_t limit = std::numeric_limits<std::uint64_t>::max()) : limit_(limit) {}

    void step(Nanoseconds at, int change) {
        pending_ += change;
        if (pending_ > 0 && static_cast<std::uint64_t>(pending_) > backlog_.deepest) {
            backlog_.deepest = static_cast<std::uint64_t>(pending_);
            backlog_.deepest_at = at;
            if (backlog_.deepest > limit_ && !backlog_.exceeded) {
                backlog_.exceeded = at;
            }
        }
    }

    const Backlog& backlog() const { return backlog_; }

private:
    std::uint64_t limit_;
    std::int64_t pending_ = 0;
    Backlog backlog_;
};

} // namespace rcuscope
