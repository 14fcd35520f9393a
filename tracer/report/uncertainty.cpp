// SPDX-License-Identifier: BSD-2-Clause
//
// The texts on gaps in a recording: lost records, skipped probes, missing hooks.
#include <algorithm>
#include <map>
#include <set>

#include "analysis/describe.hpp"
#include "base/duration.hpp"
#include "report/words.hpp"

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
        text += "; and " + std::to_string(worst.size() - shown) + " gaps more";
    return text + ". What began, ended or was held up there is missing or has no known duration: every count is the "
                  "least that there was, and the longest may not be among what is shown. A larger --buffer may help.";
}

std::string missed_text(const CaptureSummary& capture, std::uint64_t missed) {
    std::string hooks;
    for (const CaptureSummary::Probe& probe : capture.probes)
        if (probe.missed)
            hooks += (hooks.empty() ? "" : ", ") + probe.hook + " " + std::to_string(probe.missed);
    return counted(missed, "time") + " a probe was reached and could not run (" + hooks +
           "): what these show is missing that often.";
}

std::string without_duration(const GracePeriodStatistics& of, const char* kind) {
    const std::uint64_t without = of.count - of.duration.count();
    return without ? counted(without, std::string(kind) + "grace period") +
                         " began unseen or had not ended: counted, and in no percentile."
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
        add("cut off", capture.end_reason + ". Of each CPU the last records may be missing, and what was in progress "
                                            "has no end.");
    if (numbers.lost)
        add("lost", lost_text(capture.lost, numbers.lost));
    if (numbers.missed)
        add("missed", missed_text(capture, numbers.missed));
    for (const MissingInfo& missing : capture.missing)
        add("not seen", missing.why);
    for (const CaptureSummary::NotFollowed& module : capture.not_followed)
        add("not followed", not_followed_text(module) +
                                ". What these queue, wait for and read is not in the recording, "
                                "and no verdict rests on it.");
    if (numbers.all_callbacks.unknown)
        add("callbacks", "Of " + std::to_string(numbers.all_callbacks.unknown) + " of " +
                             counted(numbers.all_callbacks.queued, "callback") +
                             " it is not known whether they ran: neither run nor pending is said of them.");
    add("grace periods", without_duration(numbers.normal, "normal "));
    add("grace periods", without_duration(numbers.expedited, "expedited "));
    if (const Nanoseconds limit = start_uncertainty(timeline); limit > 0)
        add("start of grace periods",
            "The moment when one began is known within the time that rcu_gp_init() took: each may be "
            "longer than said, by up to " +
                duration_text(limit) + ".");
    return found;
}

} // namespace rcuscope
