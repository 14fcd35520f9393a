// SPDX-License-Identifier: BSD-2-Clause
//
// Constants of the packed format (packing.hpp) that both the packer and the unpacker use: first bytes of a packed
// record that are no shape number, and the limits of shapes and runs.
#pragma once

#include <cstddef>
#include <cstdint>

#include "wire.h"

namespace rcuscope::packed {

inline constexpr std::byte as_it_is{255};
inline constexpr std::byte linked_run{254};
inline constexpr std::byte plain_run{253};
inline constexpr std::size_t max_shapes = 253;

inline constexpr std::size_t word_bytes = sizeof(std::uint64_t);
inline constexpr std::size_t max_words = 64;  // of a record that has a shape
inline constexpr std::size_t max_leb128 = 10; // bytes of the longest LEB128
inline constexpr std::size_t few_words = 7;   // up to so many words, the bit map of changed words is a one-byte LEB128

inline constexpr std::uint64_t no_step = 0x8000; // in a run: how a step of 0 of word 2 (the rcu_head) is stored

// Runs hold records with so many words: those of callbacks, of which a recording has millions.
inline constexpr std::size_t callback_words = sizeof(rs_cb_queued) / word_bytes;
static_assert(sizeof(rs_cb_queued) == sizeof(rs_cb_next));

constexpr bool can_be_shape(std::size_t record_bytes) {
    return record_bytes % word_bytes == 0 && record_bytes >= sizeof(rs_header) &&
           record_bytes <= max_words * word_bytes;
}

} // namespace rcuscope::packed
