// SPDX-License-Identifier: BSD-2-Clause
//
// Builds the timeline (model.hpp) from events (capture/event.hpp) that come in order of time. TimelineBuilder does no
// I/O and knows no clock and no options: the same events always give the same timeline. Only build_timeline() reads a
// file.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "capture/event.hpp"
#include "capture/metadata.hpp"
#include "capture/reader.hpp"
#include "timeline/model.hpp"

namespace rcuscope {

class TimelineBuilder {
public:
    TimelineBuilder(const Metadata& metadata, const std::vector<SymbolInfo>& symbols);
    TimelineBuilder(TimelineBuilder&&) noexcept;
    TimelineBuilder& operator=(TimelineBuilder&&) noexcept;
    ~TimelineBuilder();

    void take(const Event& event);

    // Anything still open at the end stays open in the model. No `trailer`: the capture was cut off, and `cut_reason`
    // says why.
    Timeline finish(const std::optional<Trailer>& trailer, const std::string& cut_reason) &&;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

// Reads a whole capture into a timeline.
Result<Timeline> build_timeline(CaptureReader& reader);

} // namespace rcuscope
