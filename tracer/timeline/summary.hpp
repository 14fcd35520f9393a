// SPDX-License-Identifier: BSD-2-Clause
//
// Makes the CaptureSummary (model.hpp): what the capture says about itself, from its metadata and its trailer.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "capture/metadata.hpp"
#include "timeline/model.hpp"

namespace rcuscope {

// `last_event`: the end of a recording without a trailer. `losses`: the result of LossTracker::finish().
CaptureSummary summarize_capture(const Metadata& metadata, const std::optional<Trailer>& trailer,
                                 const std::string& cut_reason, Nanoseconds last_event, std::vector<Loss> losses);

// How often the kernel did not run the programs of a hook, over all of its probes.
std::uint64_t missed_runs(const CaptureSummary& capture, std::string_view hook);

struct SkippedRuns {
    std::uint64_t count = 0;
    std::string hooks; // "gp.end 12, gp.sample 1"
    std::vector<const CaptureSummary::Probe*> probes;
};

// Runs of programs that the kernel skipped. Each of the first ones is an event that the recording lacks. The others are
// calls of hooks whose programs record only what concerns followed modules: they may be of any module.
SkippedRuns lost_runs(const CaptureSummary& capture);
SkippedRuns unseen_calls(const CaptureSummary& capture);

} // namespace rcuscope
