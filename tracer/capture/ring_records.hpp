// SPDX-License-Identifier: BSD-2-Clause
//
// Walks over the records in the ring of a CPU (bpf/event_ring.h). Each begins at a multiple of RS_RING_ALIGN: a
// rs_ring_header, then the record's bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "event_ring_layout.h"

namespace rcuscope {

// The size of a record in the ring, including header and padding.
constexpr std::size_t ring_bytes_of(std::size_t record_bytes) {
    return (sizeof(rs_ring_header) + record_bytes + RS_RING_ALIGN - 1) & ~std::size_t{RS_RING_ALIGN - 1};
}

// The record at the beginning of `bytes`, which are aligned as above. Empty if a program still writes the record, or
// if it does not end within `bytes`.
inline std::span<const std::byte> first_in_ring(std::span<const std::byte> bytes) {
    if (bytes.size() < sizeof(rs_ring_header))
        return {};
    const auto* header = reinterpret_cast<const rs_ring_header*>(bytes.data());
    // The BPF program writes the size last, when the record is whole.
    const std::size_t size = __atomic_load_n(&header->size, __ATOMIC_ACQUIRE);
    if (size > bytes.size() - sizeof(rs_ring_header) || ring_bytes_of(size) > bytes.size())
        return {};
    return bytes.subspan(sizeof(rs_ring_header), size);
}

// Calls each(record) up to the first record that is still being written or does not end within `bytes`. Returns how
// many bytes the records before that one take.
template <typename Each>
std::size_t for_each_ring_record(std::span<const std::byte> bytes, Each&& each) {
    std::size_t at = 0;
    for (;;) {
        const auto record = first_in_ring(bytes.subspan(at));
        if (record.empty())
            return at;
        each(record);
        at += ring_bytes_of(record.size());
    }
}

// The number of records at the beginning of `bytes` that are whole, have the size of a Record, and for which
// holds(record) is true. It is called once for each of them, in order, and for the first one after them.
template <typename Record, typename Holds>
[[gnu::always_inline]] inline std::size_t count_leading_records(std::span<const std::byte> bytes, Holds&& holds) {
    constexpr std::size_t takes = ring_bytes_of(sizeof(Record));
    const std::byte* at = bytes.data();
    const std::byte* const end = at + bytes.size() / takes * takes;
    for (; at != end; at += takes) {
        const auto* header = reinterpret_cast<const rs_ring_header*>(at);
        if (__atomic_load_n(&header->size, __ATOMIC_ACQUIRE) != sizeof(Record) ||
            !holds(*reinterpret_cast<const Record*>(header + 1)))
            break;
    }
    return static_cast<std::size_t>(at - bytes.data()) / takes;
}

} // namespace rcuscope
