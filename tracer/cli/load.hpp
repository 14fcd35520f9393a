// SPDX-License-Identifier: BSD-2-Clause
//
// Reads a capture file into a timeline, and analyses it. Every command that analyses a recording uses this.
// The user of a loaded timeline binds its recording first.
#pragma once

#include <memory>
#include <string>

#include "analysis/analysis.hpp"
#include "base/error.hpp"
#include "capture/reader.hpp"
#include "timeline/model.hpp"
#include "timeline/recording.hpp"

namespace rcuscope {

struct LoadedTimeline {
    std::unique_ptr<Recording> recording = std::make_unique<Recording>(); // first member: destroyed last
    Timeline timeline;
    Analysis analysis;
    CaptureExtent extent;
};

// Warns on stderr if the file was cut off or has parts of an unknown kind.
Result<LoadedTimeline> load_timeline(const std::string& capture, const HazardLimits& limits);
Result<LoadedTimeline> load_timeline(Result<InputFile> capture, const HazardLimits& limits);

} // namespace rcuscope
