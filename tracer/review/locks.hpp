// SPDX-License-Identifier: BSD-2-Clause
//
// Functions that return within a read-side critical section on some path and not on another.
#pragma once

#include <vector>

#include "review/paths.hpp"
#include "review/reading.hpp"
#include "review/ways.hpp"

namespace rcuscope {

// The findings of kind lock_without_unlock, by place.
std::vector<Finding> find_open_sections(Ways& ways);

} // namespace rcuscope
