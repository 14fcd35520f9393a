// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <string>

#include "analysis/hazards.hpp"
#include "analysis/statistics.hpp"
#include "base/error.hpp"
#include "base/interning.hpp"
#include "capture/reader.hpp"
#include "timeline/model.hpp"

namespace rcuscope {

struct LoadedTimeline {
    interning::Recording recording; // the first, and so released last
    Timeline timeline;              // with its hazards
    CaptureExtent extent;
};

// From a capture file to a timeline: what every command does that looks at a recording. Says on stderr if the file
// was cut off, or has parts that could not be read.
Result<LoadedTimeline> load_timeline(const std::string& capture, const HazardLimits& limits);
Result<LoadedTimeline> load_timeline(Result<InputFile> capture, const HazardLimits& limits);

struct LoadedNumbers {
    interning::Recording recording; // as above
    Timeline timeline;              // with its hazards, and only some of its callbacks
    Statistics numbers;
};

// The same for who asks for numbers and hazards, and for no single callback: in less time, for callbacks need not be
// kept.
Result<LoadedNumbers> load_numbers(const std::string& capture, const HazardLimits& limits);

} // namespace rcuscope
