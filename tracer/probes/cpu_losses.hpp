// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <span>
#include <vector>

#include "capture/metadata.hpp"
#include "control.h"

namespace rcuscope {

// The losses of each CPU that lost any. A CPU's number is the place of its state: where numbers have holes, so have the
// states.
std::vector<CpuLoss> losses_of(std::span<const volatile rs_cpu> states);

} // namespace rcuscope
