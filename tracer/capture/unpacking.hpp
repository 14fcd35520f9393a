// SPDX-License-Identifier: BSD-2-Clause
//
// Unpacks the events of a chunk: the inverse of packing.hpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace rcuscope {

// The unpacker's observations on the records.
struct Unpacked {
    std::uint64_t records = 0;
    bool in_order = false; // each record has a time, and the times never decrease
};

// Unpacks the output of a RecordPacker into records with their sizes, as for_each_record() reads them. Returns none if
// `packed` is malformed, or if the result is not exactly `size` bytes.
std::optional<Unpacked> unpack_records(std::span<const std::byte> packed, std::size_t size,
                                       std::vector<std::byte>& out);

} // namespace rcuscope
