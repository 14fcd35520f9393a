// SPDX-License-Identifier: BSD-2-Clause
//
// Counts the backlog: the callbacks that are queued and not yet invoked. Keeps its maximum and the time at which it
// first exceeded a limit.
#pragma once

#include <cstdint>
#include <limits>

#include "timeline/model.hpp"

namespace rcuscope {

// The number of callbacks that were queued and not invoked.
struct Backlog {
    std::uint64_t deepest = 0;  // the maximum
    Nanoseconds deepest_at = 0; // when the maximum was first reached
    MaybeTime exceeded;         // when the backlog first exceeded the limit
};

// Adds up the steps (+1, -1) that PendingCounter (timeline/pending_counter.hpp) emits in the order of time.
class BacklogCount {
public:
    explicit BacklogCount(std::uint64_t limit = std::numeric_limits<std::uint64_t>::max()) : limit_(limit) {}

    void step(Nanoseconds at, int change) {
        pending_ += change;
        if (pending_ > 0 && static_cast<std::uint64_t>(pending_) > backlog_.deepest) {
            backlog_.deepest = static_cast<std::uint64_t>(pending_);
            backlog_.deepest_at = at;
            if (backlog_.deepest > limit_ && !backlog_.exceeded)
                backlog_.exceeded = at;
        }
    }

    const Backlog& backlog() const { return backlog_; }

private:
    std::uint64_t limit_;
    std::int64_t pending_ = 0;
    Backlog backlog_;
};

} // namespace rcuscope
