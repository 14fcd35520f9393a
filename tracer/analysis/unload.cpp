// SPDX-License-Identifier: BSD-2-Clause
#include "analysis/unload.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <utility>

#include "analysis/describe.hpp"
#include "analysis/watched.hpp"
#include "base/duration.hpp"
#include "timeline/moment.hpp"
#include "timeline/summary.hpp"

namespace rcuscope {

namespace {

// The phase of the unloading in which a callback ran after the exit function had returned.
std::string ran_in(const Callback& callback, const JudgedLife& judged) {
    const Nanoseconds at = *callback.invoked;
    for (const Wait* wait : judged.going_waits) {
        if (wait->begin <= at && at <= wait->end.value_or(at)) {
            return std::string("in ") + to_text(wait->kind) + "(), called by " +
                   (wait->caller.function.empty() ? "an unknown function" : location_name(wait->caller, false) + "()");
        }
    }
    if (!judged.life->free_begin)
        return "at an unknown time before its memory was freed";
    return at < *judged.life->free_begin ? "before free_module() was entered"
                                         : "in free_module(), which did not wait then";
}

// "5 of them ran before free_module() was entered and 2 in synchronize_rcu(), called by free_module()"
std::string what_they_ran_in(const JudgedLife& judged) {
    std::vector<std::pair<std::string, std::size_t>> phases; // in the order of time
    Callbacks by_time = judged.just_ran;
    std::stable_sort(by_time.begin(), by_time.end(),
                     [](const Callback* a, const Callback* b) { return *a->invoked < *b->invoked; });
    for (const Callback* callback : by_time) {
        std::string phase = ran_in(*callback, judged);
        if (phases.empty() || phases.back().first != phase)
            phases.emplace_back(std::move(phase), 0);
        phases.back().second++;
    }
    if (phases.size() == 1)
        return (by_time.size() == 1 ? "it ran " : "they ran ") + phases.front().first;
    std::string text;
    constexpr std::size_t limit = 4;
    for (std::size_t i = 0; i < phases.size() && i < limit; i++) {
        text += i == 0 ? "" : i + 1 == std::min(phases.size(), limit) ? " and " : ", ";
        text += std::to_string(phases[i].second) + (i == 0 ? " of them ran " : " ") + phases[i].first;
    }
    return text + (phases.size() > limit ? ", and so on" : "");
}

} // namespace

std::string call_barrier(const JudgedLife& judged) {
    return std::string("call rcu_barrier() in ") +
           (judged.init_failed ? "the error path of its init function" : "its exit function") +
           ", after the last call_rcu(), and before it frees anything that the callbacks use.";
}

std::string synchronize_is_not_enough(const JudgedLife& judged) {
    return std::string(to_text(judged.waits.synchronize)) +
           "() alone is not enough, since it waits for readers and not for callbacks, which run at some time "
           "after their grace period: " +
           call_barrier(judged);
}

namespace {

// The remedy, after a note on what the exit function did instead and why that was not enough.
std::string remedy(const JudgedLife& judged, const Callbacks& callbacks) {
    if (judged.init_failed)
        return call_barrier(judged);
    const ExitWaits& waits = judged.waits;
    if (waits.synchronize_last)
        return synchronize_is_not_enough(judged);
    if (waits.last_barrier) {
        const auto after =
            static_cast<std::uint64_t>(std::count_if(callbacks.begin(), callbacks.end(), [&](const Callback* callback) {
                return callback->queued > *waits.last_barrier;
            }));
        if (after > 0) {
            return "its exit function called rcu_barrier(), but " + std::to_string(after) +
                   (after == 1 ? " was" : " were") +
                   " queued after that, and rcu_barrier() waits only for callbacks that were queued before it: first "
                   "stop all code that calls call_rcu(), then call rcu_barrier().";
        }
        if (!callbacks.empty()) {
            return "its exit function called rcu_barrier() after they were queued, which returns when they have run: "
                   "either their invocation was not recorded, or RCU's list of callbacks is corrupted.";
        }
    }
    return call_barrier(judged);
}

// "12 of its callbacks (rcu_unload:node_free), queued in rcu_unload:writer_fn+0x12 (CPU 0, task writer), had not run".
// Where records were lost, `count` is the kernel's own count, and `callbacks` may lack some or all of them.
std::string not_run(const Callbacks& callbacks, std::uint64_t count, const char* verb) {
    std::string text = std::to_string(count) + " of its callbacks";
    if (!callbacks.empty())
        text += " (" + functions_of(callbacks) + "), queued " + origins_of(callbacks) + ",";
    text += std::string(" ") + verb;
    if (count > callbacks.size()) {
        text += ", as counted in the kernel (";
        text += callbacks.empty() ? "none" : std::to_string(callbacks.size());
        text += " of them in the recording)";
    }
    return text;
}

// When the last of the callbacks returned. A callback without a return lasts until the end of the recording.
Nanoseconds last_end_of(const Callbacks& callbacks, Nanoseconds recording_end) {
    Nanoseconds last = std::numeric_limits<Nanoseconds>::min();
    for (const Callback* callback : callbacks)
        last = std::max(last, callback->done.value_or(recording_end));
    return last;
}

Hazard hazard_of(const JudgedLife& judged, const CaptureSummary& capture, const char* kind, const char* severity,
                 Nanoseconds at, const Callbacks& callbacks, std::string text) {
    return {.kind = unload_hazard_kind(judged, kind),
            .severity = severity,
            .module = judged.life->name,
            .at = at,
            .callbacks = ids_of(callbacks),
            .text = std::move(text),
            .from = std::min(at, judged.exited.value_or(at)),
            .to = std::max(at, last_end_of(callbacks, capture.end))};
}

Hazard freed_too_early(const JudgedLife& judged, const CaptureSummary& capture) {
    const bool running = std::any_of(judged.late.begin(), judged.late.end(), [&](const Callback* callback) {
        return callback->invoked && *callback->invoked <= *judged.gone;
    });
    return hazard_of(
        judged, capture, freed_with_pending, "fatal", *judged.gone, judged.late,
        judged.life->name + " was freed" + (judged.init_failed ? ", since its init function failed," : "") + " while " +
            not_run(judged.late, judged.late_count, running ? "had not run to completion" : "had not run") +
            ", so that they run code that is freed: " + remedy(judged, judged.late));
}

// The recording ended during the free. An orderly end says nothing about what followed. A cut here looks like a crash
// of the kernel.
Hazard ended_meanwhile(const JudgedLife& judged, const CaptureSummary& capture) {
    const std::string left = not_run(judged.late, judged.late_count, "had not run");
    if (!capture.complete) {
        return hazard_of(judged, capture, freed_with_pending, "fatal", *judged.begin, judged.late,
                         "the recording is cut off " + duration_text(elapsed(*judged.begin, capture.end)) +
                             " after free_module() was entered for " + judged.life->name +
                             ", as happens when the kernel crashes, and " + left + ": " + remedy(judged, judged.late));
    }
    return hazard_of(judged, capture, without_barrier, "latent", *judged.exited, judged.late,
                     "the recording ended while " + judged.life->name + " was being freed and " + left + ": " +
                         remedy(judged, judged.late));
}

// The time between the last callback's return and the free. Nullopt if one of them is not known.
std::optional<Nanoseconds> margin(const JudgedLife& judged) {
    MaybeTime last;
    for (const Callback* callback : judged.just_ran) {
        if (!callback->done)
            return std::nullopt;
        last = std::max(last.value_or(*callback->done), *callback->done);
    }
    if (!last || !judged.life->freed || judged.just_ran.size() < judged.just_ran_count)
        return std::nullopt;
    return elapsed(*last, *judged.life->freed);
}

// A clause on the callbacks that would have been late if the kernel had had no probes to remove.
std::string without_probes(const JudgedLife& judged, const CaptureSummary& capture) {
    if (!judged.probes_delay) {
        return is_missing(capture, "module.unprobed")
                   ? "; it is not known how much later its memory was freed because of the tracer's probes"
                   : "";
    }
    const std::size_t late = judged.late_without_probes.size();
    return late == 0 ? ""
                     : "; without the tracer's probes, which the kernel took " + duration_text(*judged.probes_delay) +
                           " to remove meanwhile, " + std::to_string(late) + " of them would have been too late";
}

Hazard went_well(const JudgedLife& judged, const CaptureSummary& capture) {
    const ModuleLife& life = *judged.life;
    std::string text = judged.init_failed ? "the init function of " + life.name + " had failed"
                       : life.exit_done   ? "the exit function of " + life.name + " had returned"
                                          : life.name + " was being freed";
    text += " while " + not_run(judged.just_ran, judged.just_ran_count, "had not run");
    if (judged.unsure.empty()) {
        text += judged.just_ran_count == 1 ? "; it was done " : "; they were done ";
        const auto spare = margin(judged);
        text += spare ? duration_text(*spare) + " before its memory was freed, by chance" : "in time, by chance";
        text += judged.just_ran.empty() ? "" : ", since " + what_they_ran_in(judged);
    }
    text += without_probes(judged, capture);
    return hazard_of(judged, capture, without_barrier, "latent", *judged.exited, judged.just_ran,
                     text + ": " + remedy(judged, judged.just_ran));
}

std::optional<Hazard> known_hazard(const JudgedLife& judged, const CaptureSummary& capture) {
    if (!judged.begin)
        return std::nullopt;
    if (judged.late_count > 0)
        return judged.gone ? freed_too_early(judged, capture) : ended_meanwhile(judged, capture);
    if (judged.just_ran_count > 0)
        return went_well(judged, capture);
    return std::nullopt;
}

std::optional<Hazard> unsure_hazard(const JudgedLife& judged, const CaptureSummary& capture) {
    if (judged.unsure.empty())
        return std::nullopt;
    const std::size_t count = judged.unsure.size();
    const char* why = judged.unsure_by_loss ? "records were lost meanwhile"
                      : missed_runs(capture, "callback.invoked") > 0
                          ? "the kernel skipped the probe of their invocation at times"
                          : "their heads were queued again before their invocation was recorded";
    return hazard_of(judged, capture, freed_with_pending, "warning", *judged.begin, judged.unsure,
                     judged.life->name + (judged.gone ? " was freed" : " was being freed") +
                         ", and it is not known whether " + std::to_string(count) + " of its callbacks (" +
                         functions_of(judged.unsure) + "), queued " + origins_of(judged.unsure) +
                         ", had run by then, because " + why + ": if no code waits for them, " + call_barrier(judged));
}

} // namespace

const char* unload_hazard_kind(const JudgedLife& judged, const char* of_exit) {
    return judged.init_failed ? "init-failed-with-pending-callbacks" : of_exit;
}

std::vector<Hazard> unload_hazards(const JudgedLife& judged, const Timeline& timeline) {
    std::vector<Hazard> hazards;
    for (auto& hazard : {known_hazard(judged, timeline.capture), unsure_hazard(judged, timeline.capture)})
        if (hazard)
            hazards.push_back(*hazard);
    return hazards;
}

} // namespace rcuscope
