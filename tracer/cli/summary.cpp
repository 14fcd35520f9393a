// SPDX-License-Identifier: BSD-2-Clause
#include "cli/summary.hpp"

#include <algorithm>

#include "analysis/statistics.hpp"
#include "base/duration.hpp"
#include "base/text.hpp"
#include "report/show.hpp"
#include "report/words.hpp"

namespace rcuscope {

namespace {

// A row's name, padded so that the values stand below each other.
std::string label(std::string_view text) {
    std::string padded = "  " + printable(text);
    constexpr std::size_t width = 34;
    padded.resize(std::max(padded.size() + 1, width), ' ');
    return padded;
}

std::string quantiles(const Histogram& of) {
    if (of.count() == 0)
        return "no durations known";
    return "p50 " + duration_text(of.percentile(50)) + ", p90 " + duration_text(of.percentile(90)) + ", p99 " +
           duration_text(of.percentile(99)) + ", max " + duration_text(of.max());
}

void print_grace_periods(const char* name, const GracePeriodStatistics& of, TextOut out) {
    out << label(name) << of.count;
    if (of.count > 0)
        out << ": " << quantiles(of.duration);
    out << "\n";
}

// Who made the longest as long as they were.
void print_holders(const Timeline& timeline, const GracePeriodStatistics& of, TextOut out) {
    constexpr std::size_t most = 3;
    for (std::size_t i = 0; i < std::min(most, of.longest.size()); i++)
        if (const auto& holder = timeline.grace_periods[of.longest[i]].held_by)
            show_wrapped(holder->text, 6, out);
}

void print_callbacks(const std::vector<CallbackStatistics>& rows, TextOut out) {
    constexpr std::size_t most = 10;
    if (rows.empty())
        out << label("callbacks") << "0\n";
    for (std::size_t i = 0; i < rows.size() && i < most; i++) {
        const CallbackStatistics& row = rows[i];
        out << label("callbacks of " + name_text(row.name)) << row.queued << " queued, " << row.done << " run";
        if (row.pending)
            out << ", " << row.pending << " pending";
        if (row.unknown)
            out << ", " << row.unknown << " unknown";
        out << "\n" << label("") << "latency " << quantiles(row.latency) << "\n";
    }
    if (rows.size() > most)
        out << label("") << "and of " << rows.size() - most << " functions more\n";
}

void print_readers(const Timeline& timeline, const std::vector<ReadSectionStatistics>& rows, TextOut out) {
    if (rows.empty())
        out << label("read-side sections") << no_readers_text(timeline) << "\n";
    for (const ReadSectionStatistics& row : rows)
        out << label((row.by == SectionBy::function ? "calls, as readers, of " : "read-side sections in ") +
                     name_text(row.name))
            << row.count << ": " << quantiles(row.duration) << "\n";
}

void print_modules(const Timeline& timeline, TextOut out) {
    for (const ModuleLife& life : timeline.modules) {
        if (!life.followed)
            continue;
        out << label("module " + life.name);
        if (life.init_error)
            out << "init failed with " << *life.init_error << ", ";
        else if (life.loaded && life.init_done)
            out << "init took " << duration_text(*life.init_done - *life.loaded) << ", ";
        if (life.loaded && life.freed)
            out << "in memory for " << duration_text(*life.freed - *life.loaded) << "\n";
        else
            out << (life.freed ? "freed" : "still in memory at the end") << "\n";
        if (!life.verdict.empty())
            show_wrapped(life.verdict, 6, out);
    }
}

void print_hazard(const Hazard& hazard, TextOut out) {
    out << "    " << hazard.severity << ": " << hazard.kind << ", at " << duration_text(hazard.at) << "\n";
    show_wrapped(hazard.text, 6, out);
}

void print_losses(const Timeline& timeline, const Statistics& numbers, TextOut out) {
    out << label("lost")
        << (numbers.lost ? std::to_string(numbers.lost) + " records: times around them are unknown" : "nothing");
    if (numbers.missed)
        out << "; " << numbers.missed << " times a probe was reached but could not run";
    out << "\n";
    for (const MissingInfo& missing : timeline.capture.missing)
        out << label("not seen") << missing.why << "\n";
    if (!timeline.capture.complete)
        out << label("cut off") << timeline.capture.end_reason << "\n";
}

} // namespace

void print_summary(const Timeline& timeline, TextOut out) {
    const Statistics numbers = statistics_of(timeline);
    out << "Kernel " << timeline.host.kernel << ", " << how_many_cpus(timeline.host) << "; "
        << duration_text(timeline.capture.end) << " recorded (" << timeline.capture.end_reason << ")\n";
    print_modules(timeline, out);
    print_grace_periods("grace periods", numbers.normal, out);
    print_holders(timeline, numbers.normal, out);
    if (numbers.expedited.count)
        print_grace_periods("expedited grace periods", numbers.expedited, out);
    print_callbacks(numbers.callbacks, out);
    print_readers(timeline, numbers.read_sections, out);
    for (const WaitStatistics& row : numbers.waits)
        out << label(std::string(to_text(row.kind)) + " in " + name_text(row.caller)) << row.count << ": "
            << quantiles(row.duration) << "\n";
    for (const KvfreeStatistics& row : numbers.kvfree_calls)
        out << label("kvfree_rcu in " + name_text(row.caller)) << row.count << "\n";
    if (numbers.function_calls)
        out << label("calls of the module's functions") << numbers.function_calls << "\n";
    out << label("hazards") << (timeline.hazards.empty() ? "none found" : std::to_string(timeline.hazards.size()))
        << "\n";
    for (const Hazard& hazard : timeline.hazards)
        print_hazard(hazard, out);
    print_losses(timeline, numbers, out);
    if (timeline.capture.own_share)
        out << label("own share") << own_share_text(*timeline.capture.own_share) << "\n";
    if (timeline.capture.stats)
        show_table(program_table(*timeline.capture.stats, timeline.capture.end), 2, out);
}

} // namespace rcuscope
