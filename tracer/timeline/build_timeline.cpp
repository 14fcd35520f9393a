// SPDX-License-Identifier: BSD-2-Clause
//
// The only place of this room that reads a file.
#include <utility>

#include "timeline/builder.hpp"

namespace rcuscope {

static Result<Timeline> build(CaptureReader& reader, TimelineBuilder& builder) {
    const Status read = reader.for_each_event([&builder](const Event& event) { builder.take(event); });
    if (!read) {
        return tl::unexpected<Error>(read.error());
    }
    return std::move(builder).finish(reader.trailer(), reader.extent().cut_reason);
}

Result<Timeline> build_timeline(CaptureReader& reader) {
    TimelineBuilder builder(reader.metadata(), reader.symbols());
    return build(reader, builder);
}

Result<std::optional<Timeline>> build_timeline(CaptureReader& reader, CallbackTaker& taker) {
    if (!reader.trailer() || !reader.trailer()->lost.empty()) {
        return std::nullopt; // which the builder would find out at the end
    }
    TimelineBuilder builder(reader.metadata(), reader.symbols(), &taker);
    auto timeline = build(reader, builder);
    if (!timeline) {
        return tl::unexpected<Error>(timeline.error());
    }
    return builder.passed_well() ? std::optional(std::move(*timeline)) : std::nullopt;
}

} // namespace rcuscope
