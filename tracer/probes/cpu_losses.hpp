// SPDX-License-Identifier: BSD-2-Clause
//
// Reads the counts of lost records from the per-CPU state that the BPF programs share (bpf/control.h).
#pragma once

#include <span>
#include <vector>

#include "capture/metadata.hpp"
#include "control.h"

namespace rcuscope {

// One element for each CPU that lost records. `states` is indexed by CPU number; numbers without a CPU have a state,
// too.
std::vector<CpuLoss> losses_of(std::span<const volatile rs_cpu> states);

} // namespace rcuscope
