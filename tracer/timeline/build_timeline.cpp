// SPDX-License-Identifier: BSD-2-Clause
//
// The only file of this folder that reads a capture.
#include <utility>

#include "timeline/builder.hpp"

namespace rcuscope {

static Status take_all(CaptureReader& reader, TimelineBuilder& builder) {
    return reader.for_each_event([&builder](const Event& event) { builder.take(event); });
}

Result<Timeline> build_timeline(CaptureReader& reader) {
    TimelineBuilder builder(reader.metadata(), reader.symbols());
    return take_all(reader, builder).map([&] {
        return std::move(builder).finish(reader.trailer(), reader.extent().cut_reason);
    });
}

Result<std::optional<Timeline>> build_timeline(CaptureReader& reader, CallbackSink& taker) {
    if (!reader.trailer() || !reader.trailer()->lost.empty())
        return std::nullopt; // the builder would return this, but only at the end
    TimelineBuilder builder(reader.metadata(), reader.symbols(), &taker);
    return take_all(reader, builder).map([&] {
        return std::move(builder).finish_with_sink(reader.trailer(), reader.extent().cut_reason);
    });
}

} // namespace rcuscope
