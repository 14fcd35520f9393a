// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "capture/event.hpp"
#include "capture/metadata.hpp"
#include "capture/reader.hpp"
#include "timeline/model.hpp"

namespace rcuscope {

// Builds a timeline from events in the order of time. Pure: no I/O, no clock,
// no options; the same events give the same timeline anywhere.
class TimelineBuilder {
public:
    TimelineBuilder(const Metadata& metadata, const std::vector<SymbolInfo>& symbols);
    TimelineBuilder(TimelineBuilder&&) noexcept;
    TimelineBuilder& operator=(TimelineBuilder&&) noexcept;
    ~TimelineBuilder();

    void take(const Event& event);

    // What is still open stays open, as its state says. `trailer` none: cut off, `cut_reason` says why.
    Timeline finish(const std::optional<Trailer>& trailer, const std::string& cut_reason) &&;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

// Reads a whole capture into a timeline.
Result<Timeline> build_timeline(CaptureReader& reader);

} // namespace rcuscope
