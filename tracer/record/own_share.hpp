// SPDX-License-Identifier: BSD-2-Clause
//
// The costs of the recording itself: grace periods that attaching and detaching caused, and the programs' run times.
#pragma once

#include <optional>

#include "capture/metadata.hpp"
#include "probes/session.hpp"

namespace rcuscope {

std::optional<RcuSequences> if_exact(const SequencesAt& at);

// From four readings: before the probes were attached, when the window opened, when the window closed, and after the
// probes were removed.
OwnShare own_share(const SequencesAt& before, const SequencesAt& opened, const SequencesAt& closed,
                   const SequencesAt& after);

// The runs from `before` to `now`, which list the same programs.
RunStats run_stats_since(const RunStats& before, RunStats now);

} // namespace rcuscope
