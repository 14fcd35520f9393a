// SPDX-License-Identifier: BSD-2-Clause
//
// The interface of the exporters. Each exporter writes a timeline with its analysis in one file format.
#pragma once

#include <cstddef>
#include <iosfwd>
#include <span>
#include <string>
#include <string_view>

#include "analysis/analysis.hpp"
#include "base/error.hpp"
#include "base/output_target.hpp"
#include "timeline/model.hpp"

namespace rcuscope {

struct ExportOptions {
    bool addresses = false; // write raw kernel addresses in addition to names
};

struct ExportFormat {
    std::string_view name;   // "perfetto"
    std::string_view ending; // ".pftrace"
    std::string_view about;  // for --help
    void (*write)(const Timeline& timeline, const Analysis& analysis, const ExportOptions& options, std::ostream& out);
    Status (*can_be_written)() = nullptr; // for a format that some builds lack; null: always available
};

// All formats, those with longer endings first (".chrome.json" before ".json").
std::span<const ExportFormat> export_formats();

// The format for the ending of a file name. The error lists the valid endings, or says what this build lacks for the
// format. "-" and devices (/dev/stdout, /dev/null) have no ending and get timeline JSON.
Result<const ExportFormat*> format_for_file(std::string_view path);

// Writes the timeline in the format for the output's name, completely or not at all (base/whole_file.hpp). A file with
// kernel addresses is readable by its owner only, since they are a secret of the machine.
Status export_timeline(const Timeline& timeline, const Analysis& analysis, const ExportOptions& options,
                       const OutputTarget& output);

void write_json(const Timeline& timeline, const Analysis& analysis, const ExportOptions& options,
                std::ostream& out); // rcuscope.timeline/1
void write_perfetto(const Timeline& timeline, const Analysis& analysis, const ExportOptions& options,
                    std::ostream& out); // native protobuf
void write_chrome(const Timeline& timeline, const Analysis& analysis, const ExportOptions& options,
                  std::ostream& out); // Chrome's JSON trace format
void write_html(const Timeline& timeline, const Analysis& analysis, const ExportOptions& options,
                std::ostream& out); // self-contained page
Status html_can_be_written();

} // namespace rcuscope
