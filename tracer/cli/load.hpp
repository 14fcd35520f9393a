// SPDX-License-Identifier: BSD-2-Clause
//
// Reads a capture file into a timeline, with hazards and holders. Every command that analyses a recording uses this.
// The user of a loaded timeline binds its recording first.
#pragma once

#include <memory>
#include <string>

#include "analysis/hazards.hpp"
#include "analysis/statistics.hpp"
#include "base/error.hpp"
#include "capture/reader.hpp"
#include "timeline/model.hpp"
#include "timeline/recording.hpp"

namespace rcuscope {

struct LoadedTimeline {
    std::unique_ptr<Recording> recording = std::make_unique<Recording>(); // first member: destroyed last
    Timeline timeline;                                                    // with its hazards
    CaptureExtent extent;
};

// Warns on stderr if the file was cut off or has parts of an unknown kind.
Result<LoadedTimeline> load_timeline(const std::string& capture, const HazardLimits& limits);
Result<LoadedTimeline> load_timeline(Result<InputFile> capture, const HazardLimits& limits);

struct LoadedStatistics {
    std::unique_ptr<Recording> recording = std::make_unique<Recording>(); // first member: destroyed last
    Timeline timeline; // with its hazards, but only some of its callbacks
    Statistics numbers;
};

// The same for commands that need numbers and hazards, but no single callbacks. It takes less time, because it does not
// keep the callbacks.
Result<LoadedStatistics> load_statistics(const std::string& capture, const HazardLimits& limits);

} // namespace rcuscope
