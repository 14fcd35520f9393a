// SPDX-License-Identifier: BSD-2-Clause
//
// The only file of this folder that reads a capture.
#include <utility>

#include "timeline/builder.hpp"

namespace rcuscope {

Result<Timeline> build_timeline(CaptureReader& reader) {
    TimelineBuilder builder(reader.metadata(), reader.symbols());
    return reader.for_each_event([&builder](const Event& event) { builder.take(event); }).map([&] {
        return std::move(builder).finish(reader.trailer(), reader.extent().cut_reason);
    });
}

} // namespace rcuscope
