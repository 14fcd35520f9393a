// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "capture/metadata.hpp"
#include "timeline/model.hpp"

namespace rcuscope {

// What the capture says of itself. `last_event` is where it ends if nothing else says so.
CaptureSummary summarize_capture(const Metadata& metadata, const std::optional<Trailer>& trailer,
                                 const std::string& cut_reason, Nanoseconds last_event, std::vector<Loss> losses);

} // namespace rcuscope
