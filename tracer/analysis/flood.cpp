// SPDX-License-Identifier: BSD-2-Clause
#include "analysis/flood.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "analysis/watched.hpp"
#include "base/duration.hpp"
#include "timeline/summary.hpp"

namespace rcuscope {

std::uint64_t flood_from(const CaptureSummary& capture, std::uint64_t limit) {
    return limit + missed_runs(capture, "callback.invoked");
}

std::vector<Hazard> flood_hazards(const Timeline& timeline, const CallbackNumbers& callbacks, std::uint64_t limit) {
    std::vector<Hazard> hazards;
    if (is_missing(timeline.capture, "callback.invoked"))
        return hazards;
    const WatchedModules watched(timeline);
    const FunctionIndex& functions = callbacks.functions();
    std::map<std::pair<std::string, std::string>, Backlog> by_name; // module and function
    for (std::size_t i = 0; i < functions.size(); i++)
        if (watched.contains(functions[i].module))
            by_name.emplace(std::pair(functions[i].module.str(), functions[i].function.str()), callbacks.backlog(i));
    for (const auto& [function, backlog] : by_name) {
        if (!backlog.exceeded)
            continue;
        hazards.push_back({.kind = "callback-flood",
                           .severity = "warning",
                           .module = function.first,
                           .at = *backlog.exceeded,
                           .callbacks = {},
                           .text = std::to_string(backlog.deepest) + " callbacks of " + function.first + ":" +
                                   function.second + " were pending at once, " + duration_text(backlog.deepest_at) +
                                   " after the start of the recording (the limit is " + std::to_string(limit) +
                                   "): their memory stays in use, and rcu_barrier() waits for all of them; make the "
                                   "code that queues them wait from time to time, in synchronize_rcu() or until fewer "
                                   "are pending, or free many objects with one callback."});
    }
    return hazards;
}

} // namespace rcuscope
