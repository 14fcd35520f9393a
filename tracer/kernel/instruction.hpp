// SPDX-License-Identifier: BSD-2-Clause
//
// How long x86-64 instructions are.
#pragma once

#include <cstddef>
#include <optional>
#include <span>

namespace rcuscope {

struct Instruction {
    std::size_t shape = 0; // bytes of prefixes, opcode, ModRM and SIB, which tell the length
    std::size_t size = 0;  // bytes in all
};

// The instruction that `code` begins with. Nothing if it goes on beyond `code`, or is one that compilers do
// not make for the kernel (VEX and EVEX, far jumps, ...): a length that is told is certain.
std::optional<Instruction> instruction_at(std::span<const unsigned char> code);

} // namespace rcuscope
