// SPDX-License-Identifier: BSD-2-Clause
#include "timeline/summary.hpp"

#include <map>
#include <utility>

#include "timeline/moment.hpp"

namespace rcuscope {

namespace {

using Probe = CaptureSummary::Probe;

// One row for each (hook, via): the trailer counts hits by this pair.
std::vector<Probe> probes_of(const Metadata& metadata, const std::optional<Trailer>& trailer) {
    std::vector<Probe> probes;
    std::map<std::pair<std::string_view, std::string_view>, std::size_t> rows;
    for (const ProbeInfo& info : metadata.probes)
        if (rows.try_emplace({info.hook, info.via}, probes.size()).second)
            probes.push_back({.hook = info.hook, .via = info.via, .hits = std::nullopt, .missed = 0});
    if (!trailer)
        return probes;
    for (const ProbeHits& counted : trailer->hits) {
        if (const auto row = rows.find({counted.hook, counted.via}); row != rows.end()) {
            Probe& probe = probes[row->second];
            probe.hits = probe.hits.value_or(0) + counted.hits;
            probe.missed += counted.missed;
        }
    }
    return probes;
}

std::string end_reason(const std::optional<Trailer>& trailer, const std::string& cut_reason) {
    if (trailer)
        return trailer->reason;
    // Cut off between two chunks: the file is valid, but its end is missing.
    return cut_reason.empty() ? "the recording was cut off: the file has no trailer" : cut_reason;
}

} // namespace

CaptureSummary summarize_capture(const Metadata& metadata, const std::optional<Trailer>& trailer,
                                 const std::string& cut_reason, Nanoseconds last_event, std::vector<Loss> losses) {
    CaptureSummary summary;
    summary.start_boottime_ns = metadata.start_ns;
    summary.clocks = metadata.clocks;
    summary.end = trailer ? relative_time(trailer->end_ns, metadata.start_ns) : last_event;
    summary.complete = trailer.has_value();
    summary.end_reason = end_reason(trailer, cut_reason);
    summary.command = metadata.command;
    summary.command_status = trailer ? trailer->command_status : std::nullopt;
    summary.followed = metadata.followed;
    summary.all_callbacks = metadata.all_callbacks;
    summary.probes = probes_of(metadata, trailer);
    summary.missing = metadata.missing;
    for (const ModuleInfo& module : metadata.modules)
        if (module.not_followed && !module.not_followed->empty())
            summary.not_followed.push_back({.module = module.name, .calls = *module.not_followed});
    summary.lost = std::move(losses);
    summary.fired = trailer ? trailer->fired : std::nullopt;
    summary.sequences_at_start = metadata.sequences;
    if (trailer) {
        summary.sequences_at_end = trailer->sequences;
        summary.own_share = trailer->own_share;
        summary.stats = trailer->stats;
        summary.lost_callbacks = trailer->lost_callbacks;
        if (trailer->missing)
            summary.missing.insert(summary.missing.end(), trailer->missing->begin(), trailer->missing->end());
    }
    return summary;
}

std::uint64_t missed_runs(const CaptureSummary& capture, std::string_view hook) {
    std::uint64_t missed = 0;
    for (const Probe& probe : capture.probes)
        missed += probe.hook == hook ? probe.missed : 0;
    return missed;
}

namespace {

// Whether the hook's programs drop most calls, because they are of modules that are not followed.
bool is_filtered(const CaptureSummary& capture, const Probe& probe) {
    const std::string_view hook = probe.hook;
    if (hook == "module.readers" || hook == "module.functions")
        return false; // probes in the followed modules themselves
    return hook.starts_with("module.") || hook.starts_with("cache.") ||
           (hook.starts_with("callback.") && !capture.all_callbacks);
}

template <typename Is>
SkippedRuns skipped(const CaptureSummary& capture, Is is) {
    SkippedRuns runs;
    for (const Probe& probe : capture.probes)
        if (probe.missed && is(probe)) {
            runs.count += probe.missed;
            runs.hooks += (runs.hooks.empty() ? "" : ", ") + probe.hook + " " + std::to_string(probe.missed);
            runs.probes.push_back(&probe);
        }
    return runs;
}

} // namespace

SkippedRuns lost_runs(const CaptureSummary& capture) {
    return skipped(
        capture, [&](const Probe& probe) { return !is_filtered(capture, probe); });
}

SkippedRuns unseen_calls(const CaptureSummary& capture) {
    return skipped(
        capture, [&](const Probe& probe) { return is_filtered(capture, probe); });
}

} // namespace rcuscope
