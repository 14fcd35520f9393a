// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <cstddef>

#include "base/spill_memory.hpp"

namespace rcuscope::test {

// Sets other limits for the lists of the bound budget during its lifetime: bytes on the heap, and bytes of files that
// are resident in memory.
class SpillLimitsGuard {
public:
    SpillLimitsGuard(std::size_t heap, std::size_t resident) : before_(budget_.limits) {
        budget_.limits = {.heap = heap, .resident = resident};
    }
    SpillLimitsGuard(const SpillLimitsGuard&) = delete;
    SpillLimitsGuard& operator=(const SpillLimitsGuard&) = delete;
    ~SpillLimitsGuard() { budget_.limits = before_; }

private:
    SpillBudget& budget_ = Binding<SpillBudget>::current();
    SpillLimits before_;
};

} // namespace rcuscope::test
