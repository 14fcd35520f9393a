// SPDX-License-Identifier: BSD-2-Clause
//
// Makes a digest from the counts that the BPF programs keep in the kernel when no events are recorded.
#pragma once

#include "analysis/digest.hpp"
#include "base/error.hpp"
#include "capture/kernel_summary.hpp"
#include "capture/metadata.hpp"

namespace rcuscope {

// The digest lacks what the kernel does not count: hazards, readers, waits, and the parts of callbacks' latencies.
// Fails with ExitCode::cannot_here if the counts contradict each other.
Result<Digest> digest_of(const KernelSummary& summary, const Metadata& metadata, const Trailer& trailer);

} // namespace rcuscope
