// SPDX-License-Identifier: BSD-2-Clause
#include "analysis/no_barrier.hpp"

#include <string>
#include <utility>

#include "analysis/describe.hpp"
#include "analysis/unload.hpp"
#include "analysis/watched.hpp"
#include "base/duration.hpp"
#include "timeline/moment.hpp"
#include "timeline/summary.hpp"

namespace rcuscope {

namespace {

// True if the timeline surely has every rcu_barrier() of the life.
bool waits_are_known(const JudgedLife& judged, const CaptureSummary& capture) {
    return !judged.records_lost && !is_missing(capture, "wait.rcu_barrier") &&
           missed_runs(capture, "wait.rcu_barrier") == 0;
}

// A refused unloading suggests that callbacks hold references to the module. Then the recording needs the hook for
// references to exclude that.
bool references_are_known(const JudgedLife& judged, const CaptureSummary& capture) {
    return judged.life->refusals.empty() || !is_missing(capture, "module.references");
}

} // namespace

std::string may_wait_unseen(const JudgedLife& judged, const Timeline& timeline) {
    const auto found = timeline.exit_ways.find(judged.life->name);
    if (found == timeline.exit_ways.end() || !judged.newest || judged.waited || judged.held ||
        (judged.barrier && judged.barrier->begin >= judged.newest->queued))
        return {};
    const ExitWays& ways = found->second;
    const std::string not_seen =
        ", by which it may wait for them, but no wait was recorded, and none was needed this time";
    const auto waker = ways.wakers.find(judged.newest->function->function.str());
    if (waker != ways.wakers.end() && !ways.exit_waits_in.empty()) {
        return "its callbacks call " + waker->second + "() and its exit function " + ways.exit_waits_in + "()" +
               not_seen;
    }
    // An exit function that polls sleeps only if callbacks are pending.
    const bool had_run = judged.last_done && judged.life->exit && *judged.last_done < *judged.life->exit;
    if (!ways.exit_polls_with.empty() && had_run)
        return "its exit function calls " + ways.exit_polls_with + "() in a loop" + not_seen;
    return {};
}

std::vector<Hazard> no_barrier_hazards(const JudgedLife& judged, const Timeline& timeline) {
    const ModuleLife& life = *judged.life;
    const CaptureSummary& capture = timeline.capture;
    const bool went = judged.begin && !judged.init_failed && life.exit && life.exit_done;
    if (!life.followed || !went || !judged.calm() || judged.queued == 0 || judged.not_seen > judged.doubled ||
        judged.waited || judged.held || !waits_are_known(judged, capture) || !references_are_known(judged, capture) ||
        (judged.barrier && judged.barrier->begin >= judged.newest->queued) ||
        !may_wait_unseen(judged, timeline).empty())
        return {};
    const Callback& last = *judged.newest;
    std::string text = life.name + " was not seen to wait for its callbacks (" + location_name(last.function, false) +
                       "), queued " + origin_of(last.caller, last.queued_cpu, last.queued_comm, last.queued_in) + ": ";
    text += judged.queued == 1 ? "it had run" : "all " + std::to_string(judged.queued) + " had run";
    if (judged.last_done && *judged.last_done <= *life.exit_done)
        text += " " + duration_text(elapsed(*judged.last_done, *life.exit_done));
    text += " before its exit function returned, perhaps by chance; ";
    if (judged.waits.synchronize_last) {
        text += synchronize_is_not_enough(judged);
    } else if (judged.barrier) {
        text += "its last rcu_barrier() came before the last of them was queued, and waits only for callbacks that "
                "were queued before it: first stop all code that calls call_rcu(), then call rcu_barrier() in its exit "
                "function.";
    } else {
        text += call_barrier(judged);
    }
    return {{.kind = no_barrier,
             .severity = judged.waits.synchronize_last ? "latent" : "warning",
             .module = life.name,
             .at = *life.exit_done,
             .callbacks = {},
             .text = std::move(text)}};
}

} // namespace rcuscope
