// SPDX-License-Identifier: BSD-2-Clause
#include "analysis/flood.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "analysis/watched.hpp"
#include "base/duration.hpp"
#include "timeline/summary.hpp"

namespace rcuscope {

namespace {

struct Step {
    Nanoseconds at = 0;
    int change = 0; // +1 queued, -1 invoked

    // Of equal times the invocation first: the backlog is never taken for deeper than it was.
    bool operator<(const Step& other) const { return at != other.at ? at < other.at : change < other.change; }
};

using Function = std::pair<std::string, std::string>; // module, function

struct Backlog {
    std::uint64_t deepest = 0;
    Nanoseconds deepest_at = 0;
    MaybeTime exceeded; // first
};

// One whose invocation may have been lost counts until the first loss that ends
// after it was queued: past it, nothing says that it was still pending.
std::map<Function, std::vector<Step>> steps_of(const Timeline& timeline) {
    const WatchedModules watched(timeline);
    std::vector<Nanoseconds> loss_ends;
    for (const Loss& loss : timeline.capture.lost) {
        loss_ends.push_back(loss.to);
    }
    std::sort(loss_ends.begin(), loss_ends.end());

    std::map<Function, std::vector<Step>> functions;
    for (const Callback& callback : timeline.callbacks) {
        if (!watched.contains(callback)) {
            continue;
        }
        auto& steps = functions[{callback.function.module, callback.function.function}];
        steps.push_back({.at = callback.queued, .change = 1});
        if (callback.invoked) {
            steps.push_back({.at = *callback.invoked, .change = -1});
            continue;
        }
        const auto loss = std::lower_bound(loss_ends.begin(), loss_ends.end(), callback.queued);
        if (callback.state == CallbackState::unknown && loss != loss_ends.end()) {
            steps.push_back({.at = *loss, .change = -1});
        }
    }
    return functions;
}

Backlog backlog_of(std::vector<Step>& steps, std::uint64_t limit) {
    std::sort(steps.begin(), steps.end());
    Backlog backlog;
    std::int64_t pending = 0;
    for (const Step& step : steps) {
        pending += step.change;
        const auto depth = static_cast<std::uint64_t>(std::max<std::int64_t>(pending, 0));
        if (depth > backlog.deepest) {
            backlog.deepest = depth;
            backlog.deepest_at = step.at;
        }
        if (depth > limit && !backlog.exceeded) {
            backlog.exceeded = step.at;
        }
    }
    return backlog;
}

} // namespace

std::vector<Hazard> flood_hazards(const Timeline& timeline, std::uint64_t limit) {
    std::vector<Hazard> hazards;
    if (is_missing(timeline.capture, "callback.invoked")) {
        return hazards;
    }
    for (auto& [function, steps] : steps_of(timeline)) {
        // So many may have been invoked unseen.
        const Backlog backlog = backlog_of(steps, limit + missed_runs(timeline.capture, "callback.invoked"));
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
                                   " after the start of the recording (the limit is " + std::to_string(limit) +
                                   "): their memory waits with them, and rcu_barrier() for them all; let what "
                                   "queues them wait now and then, in synchronize_rcu() or for a count of those "
                                   "pending, or free many objects with one callback."});
    }
    return hazards;
}

} // namespace rcuscope
