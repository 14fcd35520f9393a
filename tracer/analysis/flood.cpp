// SPDX-License-Identifier: BSD-2-Clause
#include "analysis/flood.hpp"

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "analysis/backlog.hpp"
#include "analysis/watched.hpp"
#include "base/duration.hpp"
#include "timeline/summary.hpp"

namespace rcuscope {

std::vector<Hazard> flood_hazards(const Timeline& timeline, std::uint64_t limit) {
    std::vector<Hazard> hazards;
    if (is_missing(timeline.capture, "callback.invoked")) {
        return hazards;
    }
    const WatchedModules watched(timeline);
    std::map<std::pair<std::string, std::string>, std::vector<const Callback*>> functions; // by module and name
    for (const Callback& callback : timeline.callbacks) {
        if (watched.contains(callback)) {
            functions[{callback.function.module, callback.function.function}].push_back(&callback);
        }
    }
    for (const auto& [function, callbacks] : functions) {
        // So many may have been invoked unseen.
        const Backlog backlog =
            backlog_of(callbacks, timeline.capture, limit + missed_runs(timeline.capture, "callback.invoked"));
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
