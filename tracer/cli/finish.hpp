// SPDX-License-Identifier: BSD-2-Clause
//
// What `record` does with a capture that is whole: the other formats that were
// asked for, the summary, the verdict.
#pragma once

#include <string>
#include <vector>

#include "analysis/hazards.hpp"
#include "cli/cli.hpp"
#include "export/exporter.hpp"

namespace rcuscope {

bool is_capture(const std::string& path);

struct FinishRequest {
    std::vector<std::string> outputs; // of -o
    HazardLimits limits;
    ExportOptions options;
    std::string fail_on;
    bool strict = false;
    bool quiet = false;
};

// `whole`: with the summary, not only with why it was written.
Outcome finish_recording(const FinishRequest& request, const std::string& capture, bool whole);

} // namespace rcuscope
