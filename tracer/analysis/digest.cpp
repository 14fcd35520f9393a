// SPDX-License-Identifier: BSD-2-Clause
#include "analysis/digest.hpp"

#include <algorithm>
#include <utility>

#include "timeline/moment.hpp"

namespace rcuscope {

namespace {

Digest::Durations durations_of(const Statistics& numbers) {
    Digest::Durations durations;
    for (const DigestName& each : digest_durations)
        durations.try_emplace(std::string(each.name));
    durations["gp"] = numbers.normal.duration;
    durations["gp.expedited"] = numbers.expedited.duration;
    const CallbackStatistics& callbacks = numbers.all_callbacks;
    durations["callback.latency"] = callbacks.latency;
    durations["callback.start"] = callbacks.waiting_for_start;
    durations["callback.end"] = callbacks.waiting_for_end;
    durations["callback.invocation"] = callbacks.waiting_for_invocation;
    durations["callback.run"] = callbacks.run_time;
    for (const ReadSectionStatistics& row : numbers.read_sections)
        durations["reader"].merge(row.duration);
    for (const WaitStatistics& row : numbers.waits)
        durations[std::string("wait.") + to_text(row.kind)].merge(row.duration);
    return durations;
}

Digest::Counts counts_of(const std::vector<Hazard>& hazards, const CallbackStatistics& callbacks) {
    Digest::Counts counts;
    for (const DigestName& each : digest_counts)
        counts[std::string(each.name)] = 0;
    counts["hazards"] = hazards.size();
    for (const Hazard& hazard : hazards)
        counts["hazards." + hazard.severity]++;
    counts["callbacks.queued"] = callbacks.queued;
    counts["callbacks.pending"] = callbacks.pending;
    counts["callbacks.unknown"] = callbacks.unknown;
    counts["backlog.max"] = callbacks.backlog.deepest;
    return counts;
}

std::vector<Digest::Function> functions_of(const std::vector<CallbackStatistics>& rows) {
    std::vector<Digest::Function> functions;
    functions.reserve(rows.size());
    for (const CallbackStatistics& row : rows)
        functions.push_back({.module = row.name.module,
                             .function = row.name.function,
                             .queued = row.queued,
                             .invoked = row.invoked,
                             .pending = row.pending,
                             .unknown = row.unknown,
                             .latency = row.latency});
    return functions;
}

// The longest of each kind, normal and expedited.
std::vector<Digest::Held> longest_of(const Timeline& timeline, const Analysis& analysis) {
    std::vector<Digest::Held> longest;
    for (const GracePeriodStatistics* kind : {&analysis.statistics.normal, &analysis.statistics.expedited})
        for (const std::size_t place : kind->longest) {
            const GracePeriod& grace_period = timeline.grace_periods[place];
            const Nanoseconds duration = std::max<Nanoseconds>(elapsed(*grace_period.start, *grace_period.end), 0);
            const Holder* holder = analysis.holder_of(grace_period);
            longest.push_back({duration, holder != nullptr ? holder->text : std::string()});
        }
    return longest;
}

} // namespace

const Histogram* Digest::duration(std::string_view name) const {
    const auto at = durations.find(name);
    return at == durations.end() ? nullptr : &at->second;
}

std::optional<std::uint64_t> Digest::count(std::string_view name) const {
    const auto at = counts.find(name);
    return at == counts.end() ? std::nullopt : std::optional(at->second);
}

void Digest::keep_longest() {
    std::stable_sort(longest.begin(), longest.end(),
                     [](const Held& a, const Held& b) { return a.duration > b.duration; });
    if (longest.size() > max_longest)
        longest.resize(max_longest);
}

Digest digest_of(const Timeline& timeline, const Analysis& analysis, std::string tool_version) {
    timeline.check_bound();
    const Statistics& numbers = analysis.statistics;
    Digest digest{.tool_version = std::move(tool_version),
                  .host = timeline.host,
                  .recorded = std::max<Nanoseconds>(timeline.capture.end, 0),
                  .complete = timeline.capture.complete,
                  .lost = numbers.lost_records,
                  .durations = durations_of(numbers),
                  .counts = counts_of(analysis.hazards, numbers.all_callbacks),
                  .functions = functions_of(numbers.callbacks),
                  .longest = longest_of(timeline, analysis)};
    digest.keep_longest();
    return digest;
}

} // namespace rcuscope
