// SPDX-License-Identifier: BSD-2-Clause
#include "cli/run_stats.hpp"

#include <algorithm>
#include <iomanip>
#include <ostream>
#include <sstream>

#include "base/duration.hpp"
#include "base/text.hpp"

namespace rcuscope {

namespace {

// Of one CPU, over the recording.
std::string share_text(std::uint64_t ns, Nanoseconds recorded) {
    const double share = recorded > 0 ? 100.0 * static_cast<double>(ns) / static_cast<double>(recorded) : 0;
    std::ostringstream text;
    text << std::fixed << std::setprecision(3) << share << " %";
    return text.str();
}

std::string time_text(std::uint64_t ns) {
    return duration_text(static_cast<Nanoseconds>(ns));
}

void print_row(const std::string& program, const std::string& place, const std::string& runs, const std::string& total,
               const std::string& each, const std::string& share, std::ostream& out) {
    out << "  " << std::left << std::setw(24) << program << " " << std::setw(42) << place << std::right << std::setw(10)
        << runs << std::setw(10) << total << std::setw(10) << each << std::setw(11) << share << "\n";
}

} // namespace

void print_run_stats(const RunStats& stats, Nanoseconds recorded, std::ostream& out) {
    std::vector<ProgramRuns> programs = stats.programs;
    std::stable_sort(programs.begin(), programs.end(),
                     [](const ProgramRuns& a, const ProgramRuns& b) { return a.ns > b.ns; });
    ProgramRuns all;
    print_row("program", "attached to", "runs", "total", "each", "of a CPU", out);
    for (const ProgramRuns& row : programs) {
        all.runs += row.runs;
        all.ns += row.ns;
        print_row(printable(row.program), printable(row.place), std::to_string(row.runs), time_text(row.ns),
                  row.runs ? time_text(row.ns / row.runs) : "", share_text(row.ns, recorded), out);
    }
    print_row("all of them", "", std::to_string(all.runs), time_text(all.ns), "", share_text(all.ns, recorded), out);
    print_row("the recorder itself", "", "", time_text(stats.recorder_cpu_ns), "",
              share_text(stats.recorder_cpu_ns, recorded), out);
}

} // namespace rcuscope
