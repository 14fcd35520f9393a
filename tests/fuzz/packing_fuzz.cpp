// SPDX-License-Identifier: BSD-2-Clause
//
// Fuzzes unpacking of an events chunk. Input: two bytes of claimed size, then packed records.
#include "capture/packing.hpp"

#include "capture/payload.hpp"
#include "capture/unpacking.hpp"
#include "fuzz.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace rcuscope;
    fuzz::Cursor input(fuzz::bytes_of(data, size));
    const std::size_t claimed = input.byte() | std::size_t{input.byte()} << 8;
    fuzz::Bytes records;
    if (!unpack_records(input.rest(), claimed, records))
        return 0;
    RecordPacker packer;
    const bool whole = for_each_record(records, [&](std::span<const std::byte> record) { packer.add(record); });
    fuzz::require(whole && packer.unpacked_size() == claimed,
                  "what is unpacked are records of the size that was claimed");
    fuzz::Bytes again;
    fuzz::require(unpack_records(packer.packed(), claimed, again) && again == records,
                  "they can be packed, and are the same again");
    return 0;
}
