// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <cstddef>
#include <cstdint>

namespace rcuscope {

// Of the address of an rcu_head. Those of a page are together, as they are queued and invoked one after the other mostly:
// so are their places in a table then. Where a page's begin is spread.
struct HeadHash {
    std::size_t operator()(std::uint64_t head) const {
        constexpr unsigned page_shift = 12, least_object_shift = 5;
        const std::uint64_t page = head >> page_shift;
        const std::uint64_t within = head & ((1U << page_shift) - 1);
        return (page * 0x9e3779b97f4a7c15 >> 20) + (within >> least_object_shift);
    }
};

} // namespace rcuscope
