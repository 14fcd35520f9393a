// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <span>

#include "probes/hooks.hpp"

namespace rcuscope {

// The hooks of hook_table() that are needed to count in the kernel instead of sending events, with the programs that
// do.
std::span<const Hook> summary_hook_table();

} // namespace rcuscope
