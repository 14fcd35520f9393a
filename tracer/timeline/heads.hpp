// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/seeded_hash.hpp"

namespace rcuscope {

// Of the address of an rcu_head. Those of a page are queued and invoked one after the other mostly, so their places in
// a table lie near each other: in the order of the addresses where these are a rcu_head's size apart at least, as they
// are. Pages are spread, in a way that a file's author cannot foresee; more than 256 addresses never follow each other.
struct HeadHash {
    std::size_t operator()(std::uint64_t head) const noexcept {
        constexpr unsigned page_bits = 12, size_bits = 4; // of a struct rcu_head
        const std::uint64_t page = head >> page_bits;
        const std::uint64_t nth = head >> size_bits & ((1U << (page_bits - size_bits)) - 1);
        const std::uint64_t rest = head & ((1U << size_bits) - 1);
        return spread(page << size_bits | rest) + nth;
    }

    SeededHash spread;
};

} // namespace rcuscope
