// SPDX-License-Identifier: BSD-2-Clause
//
// Judges how a module waits for the work that it defers: makes all findings of a review, those of locks.hpp included.
#pragma once

#include <optional>
#include <vector>

#include "review/deferrals.hpp"
#include "review/reading.hpp"
#include "review/ways.hpp"

namespace rcuscope {

// Indices of the module's init and exit function.
struct Ends {
    std::optional<std::size_t> init;
    std::optional<std::size_t> exit;
};

std::vector<Finding> find_faults(Ways& ways, const std::vector<FoundDeferral>& deferrals, const Ends& ends,
                                 const ModuleReading& reading);

} // namespace rcuscope
