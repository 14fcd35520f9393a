// SPDX-License-Identifier: BSD-2-Clause
#include "export/exporter.hpp"

#include <array>

#include "base/whole_file.hpp"

namespace rcuscope {
namespace {

constexpr std::array<ExportFormat, 4> formats{{
    {"chrome", ".chrome.json", "Chrome's JSON trace format, for chrome://tracing and other viewers", write_chrome},
    {"perfetto", ".pftrace", "Perfetto's native trace format, for ui.perfetto.dev", write_perfetto},
    {"html", ".html", "a page that shows and explains the recording in any browser, offline", write_html,
     html_can_be_written},
    {"json", ".json", "the timeline as JSON (schema rcuscope.timeline/1), for programs", write_json},
}};

} // namespace

std::span<const ExportFormat> export_formats() {
    return formats;
}

Result<const ExportFormat*> format_for_file(std::string_view path) {
    std::string endings;
    for (const ExportFormat& format : formats) {
        if (path.ends_with(format.ending)) {
            if (format.can_be_written != nullptr)
                if (auto can = format.can_be_written(); !can)
                    return tl::unexpected(can.error());
            return &format;
        }
        if (!endings.empty())
            endings += ", ";
        endings += format.ending;
    }
    // A device has no ending. The last format is timeline JSON.
    if (names_a_device(path))
        return &formats.back();
    return fail(ExitCode::bad_input, "cannot export to " + std::string(path),
                "the ending of the name does not select a format", "end the name in one of " + endings);
}

Status export_timeline(const Timeline& timeline, const Analysis& analysis, const ExportOptions& options,
                       const OutputTarget& output) {
    const auto format = format_for_file(output.path());
    if (!format)
        return tl::unexpected(format.error());
    return write_whole(
        output, [&](std::ostream& out) { (*format)->write(timeline, analysis, options, out); },
        options.addresses ? Readers::owner : Readers::everybody);
}

} // namespace rcuscope
