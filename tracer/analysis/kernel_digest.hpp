// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include "analysis/digest.hpp"
#include "base/error.hpp"
#include "capture/kernel_summary.hpp"
#include "capture/metadata.hpp"

namespace rcuscope {

// Of what was counted in the kernel. What was not looked at is left out: hazards, readers, waits, and on what
// callbacks' latencies were spent. Fails with ExitCode::cannot_here if the counts contradict each other.
Result<Digest> digest_of(const KernelSummary& summary, const Metadata& metadata, const Trailer& trailer);

} // namespace rcuscope
