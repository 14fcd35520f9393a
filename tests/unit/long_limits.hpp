// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <cstddef>

#include "base/long_memory.hpp"

namespace rcuscope::test {

// Other limits for long lists while it lives: bytes on the heap, and of files in memory.
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
