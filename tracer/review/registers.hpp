// SPDX-License-Identifier: BSD-2-Clause
//
// General-purpose registers of x86-64, by the numbers with which instructions encode them.
#pragma once

#include <cstddef>

namespace rcuscope {

constexpr std::size_t registers = 16;
enum : std::size_t { rax = 0, rcx = 1, rdx = 2, rsp = 4, rsi = 6, rdi = 7, r8 = 8, r9 = 9, r10 = 10, r11 = 11 };

} // namespace rcuscope
