// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <cstddef>

#include "base/long_memory.hpp"

namespace rcuscope::test {

// Sets other limits for long lists during its lifetime: bytes on the heap, and bytes of files that are resident in
// memory.
class LongLimits {
public:
    LongLimits(std::size_t heap, std::size_t resident) : before_(LongMemoryLimits::in_force()) {
        LongMemoryLimits::in_force() = {.heap = heap, .resident = resident};
    }
    LongLimits(const LongLimits&) = delete;
    LongLimits& operator=(const LongLimits&) = delete;
    ~LongLimits() { LongMemoryLimits::in_force() = before_; }

private:
    LongMemoryLimits before_;
};

} // namespace rcuscope::test
