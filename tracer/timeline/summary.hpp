// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "capture/metadata.hpp"
#include "timeline/model.hpp"

namespace rcuscope {

// What the capture says of itself. `last_event` is where it ends if nothing else says so.
CaptureSummary summarize_capture(const Metadata& metadata, const std::optional<Trailer>& trailer,
                                 const std::string& cut_reason, Nanoseconds last_event, std::vector<Loss> losses);

// How often the kernel could not run a hook's programs, whichever way it was seen.
std::uint64_t missed_runs(const CaptureSummary& capture, std::string_view hook);

} // namespace rcuscope
