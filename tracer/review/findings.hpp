// SPDX-License-Identifier: BSD-2-Clause
//
// What is wrong with how a module waits for the work that it defers.
#pragma once

#include <optional>
#include <vector>

#include "review/deferrals.hpp"
#include "review/reading.hpp"
#include "review/ways.hpp"

namespace rcuscope {

struct Ends {
    std::optional<std::size_t> init;
    std::optional<std::size_t> exit;
};

std::vector<Finding> find_faults(Ways& ways, const std::vector<FoundDeferral>& deferrals, const Ends& ends,
                                 const ModuleReading& reading);

} // namespace rcuscope
