// SPDX-License-Identifier: BSD-2-Clause
//
// What `record` does with a capture that is whole: the other formats that were
// asked for, the summary, the verdict.
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
    std::vector<OutputTarget> outputs; // of -o
    HazardLimits limits;
    ExportOptions options;
    std::string fail_on;
    bool strict = false;
    bool quiet = false;

    // The outputs that are made of the capture.
    std::vector<OutputTarget> exports() const;
};

std::vector<std::string> paths_of(const std::vector<OutputTarget>& outputs);

// Where the capture goes: to the first of the outputs that is one, else beside the first that is a file, since that
// place must have room anyway.
CapturePlace capture_place(const std::vector<OutputTarget>& outputs);

// Is told of the outputs that are missing, before any is written and after each.
using NotWritten = std::function<void(const std::vector<OutputTarget>& missing)>;

// `whole`: with the summary, not only with why it was written. The capture is removed if it was not asked for, unless
// this fails.
Outcome finish_recording(const FinishRequest& request, CaptureWriter& capture, bool whole,
                         const NotWritten& not_written);
// The same for a capture that can be read. It stays.
Outcome finish_capture(const FinishRequest& request, Result<InputFile> capture, bool whole,
                       const NotWritten& not_written);

} // namespace rcuscope
