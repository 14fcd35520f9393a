// SPDX-License-Identifier: BSD-2-Clause
#include "cli/info_text.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "cli/firing.hpp"
#include "report/show.hpp"
#include "report/summary.hpp"

namespace rcuscope {

namespace {

constexpr std::size_t name_width = 34;

void print_probes(const CaptureSummary& capture, TextOut out) {
    out << "Probes:\n";
    for (const CaptureSummary::Probe& probe : capture.probes) {
        const std::string name = printable(probe.hook);
        const std::size_t width = text_width(name) + 2;
        out << "  " << name << std::string(std::max<std::size_t>(name_width, width + 1) - width, ' ') << probe.via
            << ", ";
        if (probe.hits)
            out << *probe.hits << " hits\n";
        else
            out << "hits unknown\n";
    }
}

} // namespace

void print_info(const std::string& path, const LoadedTimeline& loaded, TextOut out) {
    const Timeline& timeline = loaded.timeline;
    timeline.check_bound();
    const CaptureSummary& capture = timeline.capture;
    out << path << ": " << loaded.extent.file_bytes << " bytes, " << loaded.extent.event_bytes << " bytes of events\n";
    if (!capture.command.empty()) {
        out << "Command:";
        for (const std::string& word : capture.command)
            out << " " << word;
        out << "\n";
    }
    print_firing(timeline, loaded.analysis, out);
    print_summary(timeline, loaded.analysis, out);
    print_probes(capture, out);
}

} // namespace rcuscope
