// SPDX-License-Identifier: BSD-2-Clause
//
// The texts on gaps in a recording: lost records, skipped probes, missing hooks.
#include <algorithm>
#include <map>
#include <set>

#include "analysis/describe.hpp"
#include "base/duration.hpp"
#include "report/words.hpp"
#include "timeline/summary.hpp"

namespace rcuscope {

namespace {

std::string lost_text(const std::vector<Loss>& losses, std::uint64_t lost) {
    constexpr std::size_t shown = 5;
    std::vector<Loss> worst = losses;
    std::stable_sort(worst.begin(), worst.end(), [](const Loss& a, const Loss& b) { return a.count > b.count; });
    std::string text = counted(lost, "record") + " could not be delivered: ";
    for (std::size_t i = 0; i < std::min(shown, worst.size()); i++)
        text += (i ? "; " : "") + std::to_string(worst[i].count) + " of CPU " + std::to_string(worst[i].cpu) +
                " from " + duration_text(worst[i].from) + " to " + duration_text(worst[i].to);
    if (worst.size() > shown)
        text += "; and " + std::to_string(worst.size() - shown) + " more gaps";
    return text + ". Events of that time are missing or have no known duration: each count is a lower bound, and the "
                  "longest durations may not be shown. A larger --buffer may help.";
}

std::string skipped_text(const CaptureSummary& capture, std::uint64_t skipped) {
    return counted(skipped, "event") + (skipped == 1 ? " was" : " were") +
           " not recorded, because the kernel skipped the program of the probe (" + lost_runs(capture).hooks +
           "): it runs no program on a CPU where a task was preempted or interrupted in it. " +
           "It is not known which events these were, and each count is a lower bound.";
}

std::string unseen_text(const SkippedRuns& calls) {
    return counted(calls.count, "call") + (calls.count == 1 ? " was" : " were") +
           " not looked at, because the kernel skipped the program of the probe (" + calls.hooks +
           "). They may be of any module: at most so many events of followed ones are missing.";
}

std::string without_duration(const GracePeriodStatistics& of, const char* kind) {
    const std::uint64_t without = of.count - of.duration.count();
    return without ? counted(without, std::string(kind) + "grace period") +
                         " without a recorded start or end: counted, but in no percentile."
                   : "";
}

// The start of a grace period is known within an interval. Returns the longest such interval: the maximum by which a
// reported duration may be too short.
Nanoseconds start_uncertainty(const Timeline& timeline) {
    Nanoseconds limit = 0;
    for (const GracePeriod& grace_period : timeline.grace_periods)
        if (!grace_period.began_before && grace_period.end)
            limit = std::max(limit, grace_period.start_uncertainty);
    return limit;
}

} // namespace

std::vector<Uncertainty> uncertainties(const Timeline& timeline, const Statistics& numbers) {
    const CaptureSummary& capture = timeline.capture;
    std::vector<Uncertainty> found;
    const auto add = [&](const char* what, std::string text) {
        if (!text.empty())
            found.push_back({what, std::move(text)});
    };
    if (!capture.complete)
        add("cut off",
            capture.end_reason + ". The last records of each CPU may be missing, and events in progress have no end.");
    if (numbers.lost_records)
        add("lost", lost_text(capture.lost, numbers.lost_records));
    if (numbers.skipped_runs)
        add("lost", skipped_text(capture, numbers.skipped_runs));
    if (const SkippedRuns calls = unseen_calls(capture); calls.count)
        add("missed", unseen_text(calls));
    for (const MissingInfo& missing : capture.missing)
        add("not seen", missing.why);
    for (const CaptureSummary::NotFollowed& module : capture.not_followed)
        add("not followed", not_followed_text(module) + ". The callbacks, waits and readers of these calls are not in "
                                                        "the recording, and no verdict considers them.");
    if (numbers.all_callbacks.unknown)
        add("callbacks", "It is unknown whether " + std::to_string(numbers.all_callbacks.unknown) + " of " +
                             counted(numbers.all_callbacks.queued, "callback") +
                             " ran: they are counted neither as run nor as pending.");
    add("grace periods", without_duration(numbers.normal, "normal "));
    add("grace periods", without_duration(numbers.expedited, "expedited "));
    if (const Nanoseconds limit = start_uncertainty(timeline); limit > 0)
        add("start of grace periods", "Each start is known only to within the duration of rcu_gp_init(): a grace "
                                      "period may be longer than shown, by up to " +
                                          duration_text(limit) + ".");
    return found;
}

} // namespace rcuscope
