// SPDX-License-Identifier: BSD-2-Clause
//
// The only place of this room that reads a file.
#include <utility>

#include "timeline/builder.hpp"

namespace rcuscope {

Result<Timeline> build_timeline(CaptureReader& reader) {
    TimelineBuilder builder(reader.metadata(), reader.symbols());
    const Status read = reader.for_each_event([&builder](const Event& event) { builder.take(event); });
    if (!read) {
        return tl::unexpected<Error>(read.error());
    }
    return std::move(builder).finish(reader.trailer(), reader.extent().cut_reason);
}

} // namespace rcuscope
