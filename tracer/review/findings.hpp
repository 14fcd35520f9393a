// SPDX-License-Identifier: BSD-2-Clause
//
// Judges how a module waits for the work that it defers: makes all findings of a review, those of locks.hpp included.
#pragma once

#include <optional>
#include <vector>

#include "review/control_flow.hpp"
#include "review/deferrals.hpp"
#include "review/reading.hpp"

namespace rcuscope {

// Indices of the module's init and exit function.
struct ModuleEntryPoints {
    std::optional<std::size_t> init;
    std::optional<std::size_t> exit;
};

std::vector<Finding> find_faults(ControlFlow& ways, const std::vector<FoundDeferral>& deferrals,
                                 const ModuleEntryPoints& ends, const ModuleReading& reading);

} // namespace rcuscope
