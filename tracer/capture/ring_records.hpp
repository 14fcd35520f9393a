// SPDX-License-Identifier: BSD-2-Clause
//
// Records as they lie in BPF's ring buffer (the kernel's kernel/bpf/ringbuf.c,
// BPF_RINGBUF_BUSY_BIT and its like in include/uapi/linux/bpf.h): each begins at a
// multiple of 8 with a RingHeader, then its bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace rcuscope {

struct RingHeader {
    std::uint32_t size; // of the record, and the two flags
    std::uint32_t page; // the kernel's own
};
static_assert(sizeof(RingHeader) == 8);

inline constexpr std::uint32_t ring_busy = 1u << 31;      // it is being written
inline constexpr std::uint32_t ring_discarded = 1u << 30; // it was given up: there is no record

// What a record takes there, with its header.
constexpr std::size_t ring_bytes_of(std::size_t record_bytes) {
    return (sizeof(RingHeader) + record_bytes + 7) & ~std::size_t{7};
}

// Calls each(record) up to the first one that is being written, or that does not end
// within `bytes` (8-aligned). Returns how many bytes those before it take.
template <typename Each>
std::size_t for_each_ring_record(std::span<const std::byte> bytes, Each&& each) {
    std::size_t at = 0;
    while (bytes.size() - at >= sizeof(RingHeader)) {
        const auto* header = reinterpret_cast<const RingHeader*>(bytes.data() + at);
        // The kernel clears the flag when the record is whole.
        const std::uint32_t size = __atomic_load_n(&header->size, __ATOMIC_ACQUIRE);
        const std::size_t takes = ring_bytes_of(size & ~(ring_busy | ring_discarded));
        if ((size & ring_busy) != 0 || takes > bytes.size() - at) {
            break;
        }
        if ((size & ring_discarded) == 0) {
            each(bytes.subspan(at + sizeof(RingHeader), size));
        }
        at += takes;
    }
    return at;
}

} // namespace rcuscope
