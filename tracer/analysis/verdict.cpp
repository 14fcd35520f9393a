// SPDX-License-Identifier: BSD-2-Clause
#include "analysis/verdict.hpp"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <string>
#include <vector>

#include "analysis/describe.hpp"
#include "analysis/no_barrier.hpp"
#include "analysis/unload.hpp"
#include "analysis/watched.hpp"
#include "base/duration.hpp"
#include "base/error.hpp"
#include "timeline/moment.hpp"
#include "timeline/summary.hpp"

namespace rcuscope {

namespace {

// "12 of 212 callbacks", or "12 callbacks" if the kernel counted more than the recording holds.
std::string share(std::uint64_t some, const JudgedLife& judged) {
    return some > judged.queued ? counted(some, "callback")
                                : std::to_string(some) + " of " + counted(judged.queued, "callback");
}

std::string when_gone(const JudgedLife& judged, const CaptureSummary& capture) {
    return judged.gone        ? "when its code was freed"
           : capture.complete ? "when the recording ended"
                              : "when the recording was cut off";
}

// True if the kernel's own count says that no callback was left.
bool counted_none(const JudgedLife& judged) {
    const ModuleLife& life = *judged.life;
    return life.pending_at_exit == 0U || life.pending_at_free == 0U || life.pending_at_freed == 0U;
}

// Describes what the module queued that does not run the module's code.
std::string with_others(const JudgedLife& judged) {
    std::vector<std::string> parts;
    std::vector<std::string> names;
    std::size_t callbacks = 0;
    for (const auto& [function, count] : judged.with_others) {
        callbacks += count;
        names.insert(names.end(), std::min<std::size_t>(count, 100), function);
    }
    if (callbacks > 0) {
        parts.push_back(counted(callbacks, "callback") + " with functions that are not its own (" +
                        max_frequent(names, 3) + ")");
    }
    if (judged.kvfree_calls > 0)
        parts.push_back(counted(judged.kvfree_calls, "call") + " of kfree_rcu() or kvfree_rcu()");
    return parts.empty() ? "" : parts.size() == 1 ? parts.front() : parts.front() + " and " + parts.back();
}

std::string of_init_code(const JudgedLife& judged) {
    std::string text = counted(judged.in_init.size(), "callback") + " of its init code";
    MaybeTime last;
    for (const Callback* callback : judged.in_init) {
        if (!callback->done || !judged.init_gone)
            return text;
        last = std::max(last.value_or(*callback->done), *callback->done);
    }
    if (*last <= *judged.init_gone)
        text += ", done " + duration_text(elapsed(*last, *judged.init_gone)) + " before that code was freed";
    return text;
}

std::string of_own(const JudgedLife& judged) {
    std::string text = counted(judged.queued, "callback");
    if (judged.doubled > 0 && judged.not_seen <= judged.doubled)
        return text + ", of which " + std::to_string(judged.not_seen) + " never ran: see double-call-rcu";
    const bool freed_known = judged.life->freed && judged.last_done && *judged.last_done <= *judged.life->freed;
    if (judged.not_seen > 0) {
        return text + ", of which " + std::to_string(judged.not_seen) + (judged.not_seen == 1 ? " was" : " were") +
               " not seen to run";
    }
    if (judged.not_returned > 0)
        return text + (judged.queued == 1 ? ", which had" : ", all had") + " begun to run before its code was freed";
    text += judged.queued == 1 ? ", done" : ", all done";
    return freed_known ? text + " " + duration_text(elapsed(*judged.last_done, *judged.life->freed)) +
                             " before its code was freed"
                       : text;
}

// Calls of which no program ran. They may be of any module.
std::uint64_t skipped_queueings(const CaptureSummary& capture) {
    return missed_runs(capture, "callback.queued") + missed_runs(capture, "callback.queued.hurry");
}

// Claims that nothing was queued only if every queueing would have been recorded.
std::string of_nothing(const JudgedLife& judged, const CaptureSummary& capture) {
    if (judged.records_lost)
        return "no callback is in the recording";
    const auto is_its = [&](const CaptureSummary::NotFollowed& module) { return module.module == judged.life->name; };
    const bool all_seen = std::none_of(capture.not_followed.begin(), capture.not_followed.end(), is_its) &&
                          !is_missing(capture, "module.jumps") && !is_missing(capture, "kernel log") &&
                          !is_missing(capture, "callback.queued") && skipped_queueings(capture) == 0;
    return all_seen ? "nothing was queued" : "no queueing was recorded";
}

std::string of_calm(const JudgedLife& judged, const CaptureSummary& capture) {
    const std::string others = with_others(judged);
    std::vector<std::string> parts;
    if (judged.queued > 0)
        parts.push_back(of_own(judged));
    if (!judged.in_init.empty())
        parts.push_back(of_init_code(judged));
    if (!others.empty())
        parts.push_back(others);
    if (parts.empty())
        return of_nothing(judged, capture);
    std::string text = parts.front();
    for (std::size_t i = 1; i < parts.size(); i++)
        text += "; " + parts[i];
    return text;
}

// For a module that was freed, or was being freed when the recording ended.
std::string of_going(const JudgedLife& judged, const Timeline& timeline) {
    const CaptureSummary& capture = timeline.capture;
    if (judged.late_count > 0) {
        const bool orderly = !judged.gone && capture.complete;
        return share(judged.late_count, judged) + " had not run " + when_gone(judged, capture) + ": see " +
               unload_hazard_kind(judged, orderly ? without_barrier : freed_with_pending);
    }
    std::string text;
    if (judged.just_ran_count > 0) {
        const char* when = judged.init_failed       ? "its init function had failed"
                           : judged.life->exit_done ? "its exit function had returned"
                                                    : "free_module() was entered";
        text = share(judged.just_ran_count, judged) + " had not run when " + when + ": see " +
               unload_hazard_kind(judged, without_barrier);
        if (!judged.late_without_probes.empty()) {
            text += "; without the tracer's probes " + std::to_string(judged.late_without_probes.size()) +
                    " of them would have been too late";
        }
    }
    if (!judged.unsure.empty()) {
        text += text.empty() ? "" : "; ";
        text += "it is not known whether " + share(judged.unsure.size(), judged) + " had run " +
                when_gone(judged, capture) + ": see " + unload_hazard_kind(judged, freed_with_pending);
    }
    return text.empty() ? of_calm(judged, capture) : text;
}

std::string of_staying(const JudgedLife& judged, const CaptureSummary& capture) {
    std::string text = capture.complete ? "still loaded at the end" : "loaded when the recording was cut off";
    if (judged.not_seen == 0) {
        return text + "; " +
               (judged.queued == 0 ? of_calm(judged, capture) : counted(judged.queued, "callback") + ", all had run");
    }
    const bool known = capture.complete && !judged.records_lost && missed_runs(capture, "callback.invoked") == 0;
    return text + "; " + share(judged.not_seen, judged) + (known ? " pending" : " not seen to run");
}

std::string waits_text(const JudgedLife& judged) {
    const ExitWaits& waits = judged.waits;
    std::string text;
    if (waits.in_barrier > 0)
        text += "; rcu_barrier() waited " + duration_text(static_cast<Nanoseconds>(waits.in_barrier));
    if (waits.in_synchronize > 0) {
        text += "; " + std::string(to_text(waits.synchronize)) + "() waited " +
                duration_text(static_cast<Nanoseconds>(waits.in_synchronize));
    }
    return text;
}

// The error comes from the capture, which may be damaged: it can have any value.
std::string reason_text(int error) {
    constexpr int limit = 4095; // MAX_ERRNO
    if (error == -EWOULDBLOCK)
        return "module in use";
    return error < 0 && error >= -limit ? errno_text(-error) : "error " + std::to_string(error);
}

std::string refusals_text(const ModuleLife& life) {
    if (life.refusals.empty())
        return {};
    std::vector<std::string> reasons;
    for (const ModuleLife::Refusal& refusal : life.refusals)
        reasons.push_back(reason_text(refusal.error));
    return "; unloading was refused " + counted(reasons.size(), "time") + " (" + max_frequent(reasons, 2) + ")";
}

std::string losses_text(const JudgedLife& judged, const CaptureSummary& capture) {
    const std::uint64_t skipped = skipped_queueings(capture);
    if (!judged.records_lost)
        return skipped == 0 || judged.queued == 0
                   ? ""
                   : "; " + counted(skipped, "queueing") + " of any module " + (skipped == 1 ? "was" : "were") +
                         " not recorded, so there may have been more";
    // Even if the kernel's count settles the end, lost records make the number of callbacks too small.
    return judged.begin && judged.late_count == 0 && judged.just_ran_count == 0 && counted_none(judged)
               ? "; records were lost, but by the kernel's count none was left"
               : "; records were lost, so there may have been more";
}

} // namespace

std::string verdict_of(const JudgedLife& judged, const Timeline& timeline, const std::vector<Hazard>& see) {
    const ModuleLife& life = *judged.life;
    std::string text = life.name + ": ";
    if (judged.init_failed) {
        text += "its init function failed";
        text += life.init_error ? " (" + std::to_string(*life.init_error) + "); " : "; ";
    }
    text += judged.begin ? of_going(judged, timeline) : of_staying(judged, timeline.capture);
    for (const Hazard& hazard : see)
        text += "; see " + hazard.kind;
    const bool calm = judged.begin && !judged.init_failed && judged.calm() && judged.queued > 0;
    if (const std::string may = calm ? may_wait_unseen(judged, timeline) : std::string(); !may.empty())
        text += "; " + may;
    return text + waits_text(judged) + refusals_text(life) + losses_text(judged, timeline.capture);
}

} // namespace rcuscope
