// SPDX-License-Identifier: BSD-2-Clause
//
// What the recording itself cost.
#pragma once

#include <optional>

#include "capture/metadata.hpp"
#include "probes/session.hpp"

namespace rcuscope {

std::optional<RcuSequences> if_exact(const SequencesAt& at);

// From four readings: before the probes were attached, when the window opened, when it
// closed, when the probes were gone.
OwnShare own_share(const SequencesAt& before, const SequencesAt& opened, const SequencesAt& closed,
                   const SequencesAt& after);

// What came since `before`, of the same programs.
RunStats grown(RunStats now, const RunStats& before);

} // namespace rcuscope
