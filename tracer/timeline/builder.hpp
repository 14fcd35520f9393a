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
#include "timeline/callback_sink.hpp"
#include "timeline/model.hpp"

namespace rcuscope {

class TimelineBuilder {
public:
    // With a `taker`, callbacks go to it, and the timeline keeps only these callbacks as well: those not done at the
    // end, those whose module was being removed, and those whose grace period was not known when they were taken.
    TimelineBuilder(const Metadata& metadata, const std::vector<SymbolInfo>& symbols, CallbackSink* taker = nullptr);
    TimelineBuilder(TimelineBuilder&&) noexcept;
    TimelineBuilder& operator=(TimelineBuilder&&) noexcept;
    ~TimelineBuilder();

    void take(const Event& event);

    // Anything still open at the end stays open in the model. No `trailer`: the capture was cut off, and `cut_reason`
    // says why.
    Timeline finish(const std::optional<Trailer>& trailer, const std::string& cut_reason) &&;

    // finish() for a builder with a taker. Returns nothing if the taker did not get every callback exactly as the
    // timeline without a taker would have it; the taker's data is then useless.
    std::optional<Timeline> finish_with_sink(const std::optional<Trailer>& trailer, const std::string& cut_reason) &&;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

// Reads a whole capture into a timeline.
Result<Timeline> build_timeline(CaptureReader& reader);

// The same with a taker. Returns nothing if the timeline has to be built without one.
Result<std::optional<Timeline>> build_timeline(CaptureReader& reader, CallbackSink& taker);

} // namespace rcuscope
