// SPDX-License-Identifier: BSD-2-Clause
#include "analysis/flood.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "analysis/backlog.hpp"
#include "analysis/function_index.hpp"
#include "analysis/watched.hpp"
#include "base/duration.hpp"
#include "timeline/pending.hpp"
#include "timeline/summary.hpp"

namespace rcuscope {

std::vector<Hazard> flood_hazards(const Timeline& timeline, std::uint64_t limit) {
    std::vector<Hazard> hazards;
    if (is_missing(timeline.capture, "callback.invoked")) {
        return hazards;
    }
    const WatchedModules watched(timeline);
    // So many may have been invoked unseen.
    const BacklogCount none(limit + missed_runs(timeline.capture, "callback.invoked"));
    FunctionIndex functions;
    std::vector<BacklogCount> counts; // by function
    PendingSteps steps(timeline.capture);
    for (const Callback& callback : timeline.callbacks) {
        if (watched.contains(callback)) {
            const std::uint32_t function = functions.of(callback.function);
            counts.resize(functions.size(), none);
            steps.take(callback, function,
                       [&](std::uint32_t of, Nanoseconds at, int change) { counts[of].step(at, change); });
        }
    }
    std::map<std::pair<std::string, std::string>, Backlog> by_name; // module and function
    for (std::size_t i = 0; i < functions.size(); i++) {
        by_name.emplace(std::pair(functions[i].module.str(), functions[i].function.str()), counts[i].backlog());
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
                                   " after the start of the recording (the limit is " + std::to_string(limit) +
                                   "): their memory waits with them, and rcu_barrier() for them all; let what "
                                   "queues them wait now and then, in synchronize_rcu() or for a count of those "
                                   "pending, or free many objects with one callback."});
    }
    return hazards;
}

} // namespace rcuscope
