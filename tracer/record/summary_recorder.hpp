// SPDX-License-Identifier: BSD-2-Clause
//
// A recording in summary mode: the BPF programs count in the kernel and send no events.
#pragma once

#include <optional>

#include "base/error.hpp"
#include "capture/kernel_summary.hpp"
#include "capture/metadata.hpp"
#include "record/end_signals.hpp"
#include "record/request.hpp"

namespace rcuscope {

struct SummaryRecording {
    Metadata metadata;
    Trailer trailer;
    KernelSummary counts;
};

// Returns nothing if a signal came before the recording began. Every probe is removed when this returns, on every path.
Result<std::optional<SummaryRecording>> record_summary(const RecordRequest& request, const EndSignals& signals);

} // namespace rcuscope
