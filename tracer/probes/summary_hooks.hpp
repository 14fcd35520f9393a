// SPDX-License-Identifier: BSD-2-Clause
//
// The table of hooks for `record --mode summary`, where the programs count in the kernel instead of sending records.
#pragma once

#include <span>

#include "probes/hooks.hpp"

namespace rcuscope {

// The hooks of hook_table() that this mode needs, with the counting programs in place of the sending ones.
std::span<const Hook> summary_hook_table();

} // namespace rcuscope
