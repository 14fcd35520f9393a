// SPDX-License-Identifier: BSD-2-Clause
//
// Computes the length of x86-64 instructions as compilers make them for the kernel.
#pragma once

#include <cstddef>
#include <optional>
#include <span>

namespace rcuscope {

struct Instruction {
    std::size_t shape = 0; // bytes of prefixes, opcode, ModRM and SIB, which determine the size
    std::size_t size = 0;  // bytes in total
};

// The first instruction of `code`. Nothing if it extends beyond `code`, or is one that compilers do not make for the
// kernel (VEX and EVEX, far jumps, ...). A returned length is certain.
std::optional<Instruction> instruction_at(std::span<const unsigned char> code);

} // namespace rcuscope
