// SPDX-License-Identifier: BSD-2-Clause
#include "cli/summary.hpp"

#include <algorithm>

#include "analysis/statistics.hpp"
#include "base/duration.hpp"
#include "base/text.hpp"
#include "cli/run_stats.hpp"

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

std::string name_text(const FunctionName& name) {
    if (name.function.empty())
        return "unknown";
    return name.module.empty() ? name.function : name.module + ":" + name.function;
}

// Printable, broken between words, each line indented; a word of its own may be longer than a line.
void print_wrapped(std::string_view untrusted, std::size_t indent, std::ostream& out) {
    constexpr std::size_t width = 110;
    const std::string text = printable(untrusted);
    std::size_t column = 0;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.find(' ', at), text.size());
        const std::size_t length = end - at;
        if (column > 0 && column + 1 + length > width) {
            out << "\n";
            column = 0;
        }
        out << (column == 0 ? std::string(indent, ' ') : " ") << text.substr(at, length);
        column += (column == 0 ? indent : 1) + length;
        at = end + 1;
    }
    out << "\n";
}

void print_grace_periods(const char* name, const GracePeriodStatistics& of, std::ostream& out) {
    out << label(name) << of.count;
    if (of.count > 0)
        out << ": " << quantiles(of.duration);
    out << "\n";
}

// Who made the longest as long as they were.
void print_holders(const Timeline& timeline, const GracePeriodStatistics& of, std::ostream& out) {
    constexpr std::size_t most = 3;
    for (std::size_t i = 0; i < std::min(most, of.longest.size()); i++)
        if (const auto& holder = timeline.grace_periods[of.longest[i]].held_by)
            print_wrapped(holder->text, 6, out);
}

void print_callbacks(const std::vector<CallbackStatistics>& rows, std::ostream& out) {
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

// None seen is none only where they can be seen.
std::string no_readers(const Timeline& timeline) {
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

void print_readers(const Timeline& timeline, const std::vector<ReadSectionStatistics>& rows, std::ostream& out) {
    if (rows.empty())
        out << label("read-side sections") << no_readers(timeline) << "\n";
    for (const ReadSectionStatistics& row : rows)
        out << label((row.by == SectionBy::function ? "calls, as readers, of " : "read-side sections in ") +
                     name_text(row.name))
            << row.count << ": " << quantiles(row.duration) << "\n";
}

void print_modules(const Timeline& timeline, std::ostream& out) {
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
            out << (life.freed ? "freed\n" : "still in memory at the end\n");
        if (!life.verdict.empty())
            print_wrapped(life.verdict, 6, out);
    }
}

void print_hazard(const Hazard& hazard, std::ostream& out) {
    out << "    " << hazard.severity << ": " << hazard.kind << ", at " << duration_text(hazard.at) << "\n";
    print_wrapped(hazard.text, 6, out);
}

std::string share_text(std::uint64_t normal, std::uint64_t expedited, std::uint64_t ns) {
    return std::to_string(normal) + " grace periods" +
           (expedited ? " and " + std::to_string(expedited) + " expedited ones" : "") + " in " +
           duration_text(static_cast<Nanoseconds>(ns));
}

void print_own_share(const std::optional<OwnShare>& share, std::ostream& out) {
    if (!share)
        return;
    out << label("own share") << share_text(share->attach_grace_periods, share->attach_expedited, share->attach_ns)
        << " to attach, " << share_text(share->detach_grace_periods, share->detach_expedited, share->detach_ns)
        << " to detach: not in the recording\n";
}

void print_losses(const Timeline& timeline, const Statistics& numbers, std::ostream& out) {
    out << label("lost")
        << (numbers.lost ? std::to_string(numbers.lost) + " records: times around them are unknown" : "nothing");
    if (numbers.missed)
        out << "; " << numbers.missed << " times a probe was reached but could not run";
    out << "\n";
    for (const MissingInfo& missing : timeline.capture.missing)
        out << label("not seen") << printable(missing.why) << "\n";
    if (!timeline.capture.complete)
        out << label("cut off") << printable(timeline.capture.end_reason) << "\n";
}

} // namespace

void print_summary(const Timeline& timeline, std::ostream& out) {
    const Statistics numbers = statistics_of(timeline);
    out << "Kernel " << printable(timeline.host.kernel) << ", " << timeline.host.cpus << " CPUs; "
        << duration_text(timeline.capture.end) << " recorded (" << printable(timeline.capture.end_reason) << ")\n";
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
    if (numbers.function_calls)
        out << label("calls of the module's functions") << numbers.function_calls << "\n";
    out << label("hazards") << (timeline.hazards.empty() ? "none found" : std::to_string(timeline.hazards.size()))
        << "\n";
    for (const Hazard& hazard : timeline.hazards)
        print_hazard(hazard, out);
    print_losses(timeline, numbers, out);
    print_own_share(timeline.capture.own_share, out);
    if (timeline.capture.stats)
        print_run_stats(*timeline.capture.stats, timeline.capture.end, out);
}

} // namespace rcuscope
