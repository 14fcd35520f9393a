// SPDX-License-Identifier: BSD-2-Clause
//
// Exporters see the finished timeline and write one format each.
#pragma once

#include <cstddef>
#include <iosfwd>
#include <span>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/output_target.hpp"
#include "timeline/model.hpp"

namespace rcuscope {

struct ExportOptions {
    bool addresses = false; // raw kernel addresses besides names
};

struct ExportFormat {
    std::string_view name;   // "perfetto"
    std::string_view ending; // ".pftrace"
    std::string_view about;  // for --help
    void (*write)(const Timeline& timeline, const ExportOptions& options, std::ostream& out);
    Status (*can_be_written)() = nullptr; // of one that not every build has
};

// Every format, the longer endings first (".chrome.json" before ".json").
std::span<const ExportFormat> export_formats();

// The format that a file's name asks for; an error names the endings there are,
// or what this build lacks for it.
// "-" and devices (/dev/stdout, /dev/null) have no ending: timeline JSON.
Result<const ExportFormat*> format_for_file(std::string_view path);

// Writes the timeline whole or not at all (base/whole_file.hpp), in the format that its name asks for. With kernel
// addresses, which are a secret of the machine, it is for its owner only.
Status export_timeline(const Timeline& timeline, const ExportOptions& options, const OutputTarget& output);

void write_json(const Timeline& timeline, const ExportOptions& options, std::ostream& out);     // rcuscope.timeline/1
void write_perfetto(const Timeline& timeline, const ExportOptions& options, std::ostream& out); // native protobuf
void write_chrome(const Timeline& timeline, const ExportOptions& options,
                  std::ostream& out); // Chrome's JSON trace format
void write_html(const Timeline& timeline, const ExportOptions& options, std::ostream& out); // a page of its own
Status html_can_be_written();

} // namespace rcuscope
