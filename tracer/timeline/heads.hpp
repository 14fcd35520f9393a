// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <cstddef>
#include <cstdint>

namespace rcuscope {

// Of the address of an rcu_head. Objects lie side by side: what tells their addresses apart has to reach the lowest
// bits.
struct HeadHash {
    std::size_t operator()(std::uint64_t head) const { return (head * 0x9e3779b97f4a7c15) >> 20; }
};

} // namespace rcuscope
