// SPDX-License-Identifier: BSD-2-Clause
//
// Finds functions that may return within a read-side critical section. The nesting depth changes at calls of
// __rcu_read_lock() and __rcu_read_unlock() and of own functions that call them; paths.hpp finds a path.
#pragma once

#include <vector>

#include "review/control_flow.hpp"
#include "review/paths.hpp"
#include "review/reading.hpp"

namespace rcuscope {

// The findings of kind lock_without_unlock, in order of functions.
std::vector<Finding> find_open_sections(ControlFlow& ways);

} // namespace rcuscope
