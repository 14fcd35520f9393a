// SPDX-License-Identifier: BSD-2-Clause
#include "analysis/flood.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "base/duration.hpp"
#include "timeline/summary.hpp"

namespace rcuscope {

Floods::Floods(const Timeline& timeline, std::uint64_t limit)
    : judged_(!is_missing(timeline.capture, "callback.invoked") && timeline.callback_bounds.most_pending > limit),
      limit_(limit), watched_(timeline),
      // So many may have been invoked unseen.
      none_(limit + missed_runs(timeline.capture, "callback.invoked")), steps_(timeline.capture) {}

void Floods::count(const Callback& callback) {
    const std::uint32_t function = functions_.of(callback.function);
    if (function >= counts_.size()) {
        counts_.resize(functions_.size(), none_);
    }
    steps_.take(callback, function,
                [this](std::uint32_t of, Nanoseconds at, int change) { counts_[of].step(at, change); });
}

std::vector<Hazard> Floods::hazards() const {
    std::vector<Hazard> hazards;
    std::map<std::pair<std::string, std::string>, Backlog> by_name; // module and function
    for (std::size_t i = 0; i < functions_.size(); i++) {
        by_name.emplace(std::pair(functions_[i].module.str(), functions_[i].function.str()), counts_[i].backlog());
    }
    for (const auto& [function, backlog] : by_name) {
        if (!backlog.exceeded) {
            continue;
        }
        hazards.push_back({.kind = "callback-flood",
                           .severity = "warning",
                           .module = function.first,
                           .at = *backlog.exceeded,
                           .callbacks = {},
                           .text = std::to_string(backlog.deepest) + " callbacks of " + function.first + ":" +
                                   function.second + " were pending at once, " + duration_text(backlog.deepest_at) +
                                   " after the start of the recording (the limit is " + std::to_string(limit_) +
                                   "): their memory waits with them, and rcu_barrier() for them all; let what "
                                   "queues them wait now and then, in synchronize_rcu() or for a count of those "
                                   "pending, or free many objects with one callback."});
    }
    return hazards;
}

} // namespace rcuscope
