// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace rcuscope {

// What was seen of records on the way.
struct Unpacked {
    std::uint64_t records = 0;
    bool in_order = false; // each has a time, and none is earlier than the one before
};

// What a RecordPacker packed (packing.hpp), to records with their sizes, as for_each_record() takes them. Nothing if
// `packed` is none, or is not `size` bytes when unpacked.
std::optional<Unpacked> unpack_records(std::span<const std::byte> packed, std::size_t size,
                                       std::vector<std::byte>& out);

} // namespace rcuscope
