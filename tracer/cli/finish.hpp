// SPDX-License-Identifier: BSD-2-Clause
//
// What `record` does with a capture that is whole: the other formats that were
// asked for, the summary, the verdict.
#pragma once

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
};

// Where the capture goes: to the first of the outputs that is one, else beside the first that is a file, since that
// place must have room anyway.
CapturePlace capture_place(const std::vector<OutputTarget>& outputs);

// `whole`: with the summary, not only with why it was written. The capture is removed if it was not asked for, unless
// this fails.
Outcome finish_recording(const FinishRequest& request, CaptureWriter& capture, bool whole);

} // namespace rcuscope
