// SPDX-License-Identifier: BSD-2-Clause
//
// Hash of an rcu_head's address. rcu_heads of one page are mostly queued and invoked one after the other, so they get
// neighbouring slots, in order of address. A seeded hash spreads the pages: the author of a capture cannot choose
// addresses that collide, and at most 256 addresses (one page) have consecutive hashes.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/seeded_hash.hpp"

namespace rcuscope {

struct HeadHash {
    std::size_t operator()(std::uint64_t head) const noexcept {
        constexpr unsigned page_bits = 12, size_bits = 4; // a struct rcu_head has 16 bytes
        const std::uint64_t page = head >> page_bits;
        const std::uint64_t nth = head >> size_bits & ((1U << (page_bits - size_bits)) - 1);
        const std::uint64_t rest = head & ((1U << size_bits) - 1);
        return spread(page << size_bits | rest) + nth;
    }

    SeededHash spread;
};

} // namespace rcuscope
