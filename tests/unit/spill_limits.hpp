// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <cstddef>

#include "base/spill_memory.hpp"

namespace rcuscope::test {

// Sets other limits for long lists during its lifetime: bytes on the heap, and bytes of files that are resident in
// memory.
class SpillLimitsGuard {
public:
    SpillLimitsGuard(std::size_t heap, std::size_t resident) : before_(SpillLimits::in_force()) {
        SpillLimits::in_force() = {.heap = heap, .resident = resident};
    }
    SpillLimitsGuard(const SpillLimitsGuard&) = delete;
    SpillLimitsGuard& operator=(const SpillLimitsGuard&) = delete;
    ~SpillLimitsGuard() { SpillLimits::in_force() = before_; }

private:
    SpillLimits before_;
};

} // namespace rcuscope::test
