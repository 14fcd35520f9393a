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

// The record at the beginning of these bytes (aligned as above); empty: it is being written, or does not end within
// them.
inline std::span<const std::byte> first_in_ring(std::span<const std::byte> bytes) {
    if (bytes.size() < sizeof(rs_ring_header)) {
        return {};
    }
    const auto* header = reinterpret_cast<const rs_ring_header*>(bytes.data());
    // Written last.
    const std::size_t size = __atomic_load_n(&header->size, __ATOMIC_ACQUIRE);
    if (size > bytes.size() - sizeof(rs_ring_header) || ring_bytes_of(size) > bytes.size()) {
        return {};
    }
    return bytes.subspan(sizeof(rs_ring_header), size);
}

// Calls each(record) up to the first one that is being written, or that does not end
// within `bytes`. Returns how many bytes those before it take.
template <typename Each>
std::size_t for_each_ring_record(std::span<const std::byte> bytes, Each&& each) {
    std::size_t at = 0;
    for (;;) {
        const auto record = first_in_ring(bytes.subspan(at));
        if (record.empty()) {
            return at;
        }
        each(record);
        at += ring_bytes_of(record.size());
    }
}

} // namespace rcuscope
