// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "capture/event.hpp"
#include "capture/metadata.hpp"
#include "capture/reader.hpp"
#include "timeline/callback_taker.hpp"
#include "timeline/model.hpp"

namespace rcuscope {

// Builds a timeline from events in the order of time. Pure: no I/O, no clock,
// no options; the same events give the same timeline anywhere.
class TimelineBuilder {
public:
    // `taker`: who takes callbacks, of which the timeline then has some only: those that were not done at its end,
    // whose module was on its way out, or whose grace period was not known when they were taken.
    TimelineBuilder(const Metadata& metadata, const std::vector<SymbolInfo>& symbols, CallbackTaker* taker = nullptr);
    TimelineBuilder(TimelineBuilder&&) noexcept;
    TimelineBuilder& operator=(TimelineBuilder&&) noexcept;
    ~TimelineBuilder();

    void take(const Event& event);

    // What is still open stays open, as its state says. `trailer` none: cut off, `cut_reason` says why.
    Timeline finish(const std::optional<Trailer>& trailer, const std::string& cut_reason) &&;

    // The same with a taker. Nothing if it was not given all callbacks as they would be in the timeline without it:
    // then what it has is of no use.
    std::optional<Timeline> finish_taken(const std::optional<Trailer>& trailer, const std::string& cut_reason) &&;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

// Reads a whole capture into a timeline.
Result<Timeline> build_timeline(CaptureReader& reader);

// The same with a taker; nothing if it has to be built without one.
Result<std::optional<Timeline>> build_timeline(CaptureReader& reader, CallbackTaker& taker);

} // namespace rcuscope
