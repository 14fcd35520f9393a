// SPDX-License-Identifier: BSD-2-Clause
#include "report/words.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

#include "base/duration.hpp"

namespace rcuscope {

namespace {

std::string duration(std::uint64_t ns) {
    return duration_text(static_cast<Nanoseconds>(ns));
}

std::string share_text(std::uint64_t normal, std::uint64_t expedited, std::uint64_t ns) {
    return std::to_string(normal) + " grace periods" +
           (expedited ? " and " + std::to_string(expedited) + " expedited ones" : "") + " in " + duration(ns);
}

// The share of one CPU's time over the recording.
std::string cpu_share(std::uint64_t ns, Nanoseconds recorded) {
    const double share = recorded > 0 ? 100.0 * static_cast<double>(ns) / static_cast<double>(recorded) : 0;
    std::array<char, 48> text{};
    std::snprintf(text.data(), text.size(), "%.3f %%", share);
    return text.data();
}

} // namespace

std::string name_text(const FunctionName& name) {
    if (name.function.empty())
        return "unknown";
    return name.module.empty() ? name.function : name.module + ":" + name.function;
}

std::string not_followed_text(const CaptureSummary::NotFollowed& module) {
    std::string text = module.module + ": ";
    for (std::size_t i = 0; i < module.calls.size(); i++)
        text += (i == 0 ? "" : ", ") + module.calls[i];
    return text;
}

std::string open_ends_text(const ReadSectionStatistics& row) {
    std::string text;
    const auto add = [&](std::size_t count, const char* what) {
        if (count > 0)
            text += (text.empty() ? "" : ", ") + std::to_string(count) + " of " + std::to_string(row.count) + what;
    };
    add(row.never_ended, " did not end");
    add(row.ends_unseen, " ended at a place that has no probe");
    add(row.open, " without an end in the recording");
    return text;
}

std::string no_readers_text(const Timeline& timeline) {
    const CaptureSummary& capture = timeline.capture;
    const auto of_readers = [](const auto& row) { return row.hook == "module.readers"; };
    if (std::any_of(capture.probes.begin(), capture.probes.end(), of_readers))
        return "0";
    if (capture.followed.empty())
        return "not known: no module is followed (-m)";
    return timeline.host.preempt_rcu
               ? "not known: their places could not be probed"
               : "not known: this kernel is without CONFIG_PREEMPT_RCU (--reader-function names functions that read)";
}

std::string own_share_text(const OwnShare& share) {
    return share_text(share.attach_grace_periods, share.attach_expedited, share.attach_ns) + " to attach, " +
           share_text(share.detach_grace_periods, share.detach_expedited, share.detach_ns) +
           " to detach: not in the recording";
}

Table program_table(const RunStats& stats, Nanoseconds recorded) {
    std::vector<ProgramRuns> programs = stats.programs;
    std::stable_sort(programs.begin(), programs.end(),
                     [](const ProgramRuns& a, const ProgramRuns& b) { return a.ns > b.ns; });
    Table table{.columns = {"program", "attached to", "runs", "total", "each", "of a CPU"}, .names = 2};
    ProgramRuns all;
    for (const ProgramRuns& row : programs) {
        all.runs += row.runs;
        all.ns += row.ns;
        table.rows.push_back({row.program, row.place, std::to_string(row.runs), duration(row.ns),
                              row.runs ? duration(row.ns / row.runs) : "", cpu_share(row.ns, recorded)});
    }
    table.rows.push_back(
        {"all of them", "", std::to_string(all.runs), duration(all.ns), "", cpu_share(all.ns, recorded)});
    table.rows.push_back({"the recorder itself", "", "", duration(stats.recorder_cpu_ns), "",
                          cpu_share(stats.recorder_cpu_ns, recorded)});
    return table;
}

} // namespace rcuscope
