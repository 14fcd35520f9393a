// SPDX-License-Identifier: BSD-2-Clause
//
// The last step of `record`, after the capture is complete: writes the other formats of -o, prints the summary, and
// decides the exit code (--fail-on, --strict).
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "analysis/hazards.hpp"
#include "base/output_target.hpp"
#include "capture/writer.hpp"
#include "cli/cli.hpp"
#include "export/exporter.hpp"

namespace rcuscope {

bool is_capture(const std::string& path);

struct FinishRequest {
    std::vector<OutputTarget> outputs; // from -o
    HazardLimits limits;
    ExportOptions options;
    std::string fail_on;
    bool strict = false;
    bool quiet = false;

    // The outputs that are not the capture, but made from it.
    std::vector<OutputTarget> exports() const;
};

std::vector<std::string> paths_of(const std::vector<OutputTarget>& outputs);

// Where the capture goes: to the first output that is a capture, else into the folder of the first output that is a
// file, since that file system needs room anyway, else into an unnamed file.
CaptureDestination capture_place(const std::vector<OutputTarget>& outputs);

// A callback that gets the outputs that are not written yet. It is called before the first output and after each.
using NotWritten = std::function<void(const std::vector<OutputTarget>& missing)>;

// `whole`: prints the summary too, and not only the trigger that fired. On success removes the capture if it is not
// among the outputs.
Outcome finish_recording(const FinishRequest& request, CaptureWriter& capture, bool whole,
                         const NotWritten& not_written);
// The same for a capture that is open for reading. Never removes it.
Outcome finish_capture(const FinishRequest& request, Result<InputFile> capture, bool whole,
                       const NotWritten& not_written);

} // namespace rcuscope
