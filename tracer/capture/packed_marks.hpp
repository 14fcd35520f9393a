// SPDX-License-Identifier: BSD-2-Clause
//
// What a packed record begins with if it is not the number of its shape, and what both sides (packing.hpp,
// unpacking.hpp) have to know of shapes and runs.
#pragma once

#include <cstddef>
#include <cstdint>

#include "wire.h"

namespace rcuscope::packed {

inline constexpr std::byte as_it_is{255};
inline constexpr std::byte linked_run{254};
inline constexpr std::byte plain_run{253};
inline constexpr std::size_t most_shapes = 253;

inline constexpr std::size_t word_bytes = sizeof(std::uint64_t);
inline constexpr std::size_t most_words = 64;  // of a shape
inline constexpr std::size_t most_leb128 = 10; // bytes
inline constexpr std::size_t few_words = 7;    // which of them differ is a LEB128 of one byte

inline constexpr std::uint64_t no_step = 0x8000; // of the head, in a run

// Records of callbacks come by the million.
inline constexpr std::size_t callback_words = sizeof(rs_cb_queued) / word_bytes;
static_assert(sizeof(rs_cb_queued) == sizeof(rs_cb_next));

constexpr bool can_be_shape(std::size_t record_bytes) {
    return record_bytes % word_bytes == 0 && record_bytes >= sizeof(rs_header) &&
           record_bytes <= most_words * word_bytes;
}

} // namespace rcuscope::packed
