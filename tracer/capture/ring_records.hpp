// SPDX-License-Identifier: BSD-2-Clause
//
// Records as they lie in a CPU's ring (bpf/event_ring.h): each begins at a multiple of
// RS_RING_ALIGN with a rs_ring_header, then its bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "event_ring_layout.h"

namespace rcuscope {

// What a record takes there, with its header.
constexpr std::size_t ring_bytes_of(std::size_t record_bytes) {
    return (sizeof(rs_ring_header) + record_bytes + RS_RING_ALIGN - 1) & ~std::size_t{RS_RING_ALIGN - 1};
}

// Calls each(record) up to the first one that is being written, or that does not end
// within `bytes` (8-aligned). Returns how many bytes those before it take.
template <typename Each>
std::size_t for_each_ring_record(std::span<const std::byte> bytes, Each&& each) {
    std::size_t at = 0;
    while (bytes.size() - at >= sizeof(rs_ring_header)) {
        const auto* header = reinterpret_cast<const rs_ring_header*>(bytes.data() + at);
        // Written last.
        const std::size_t size = __atomic_load_n(&header->size, __ATOMIC_ACQUIRE);
        if (size == 0 || ring_bytes_of(size) > bytes.size() - at) {
            break;
        }
        each(bytes.subspan(at + sizeof(rs_ring_header), size));
        at += ring_bytes_of(size);
    }
    return at;
}

} // namespace rcuscope
