// SPDX-License-Identifier: BSD-2-Clause
//
// Packs the records of one CPU by delta encoding, before zstd compresses them. The shape of a record is its kind and
// its size. A record is stored as its differences from the previous record of the same shape. Records of one shape
// have most words in common or close together, so a few bytes of each remain for zstd.
//
// A packed record is one byte, and then data that depends on this byte:
//
//   0..252  The number of a shape. Then a LEB128 bit map of the 64-bit words that changed (bit 0: the first word). Then
//           the difference of each changed word, modulo 2^64, as a zigzag LEB128. The time (word 0) is relative to the
//           previous record of any shape, the other words to the same word of the previous record of this shape.
//   253     A run of records of a shape with 5 words: the shape's number, the number of records (u16), and two u16 for
//           each record: the increase of the time, and the increase of word 2 plus 0x8000. The other words are those of
//           the previous record.
//   254     The same, but word 4 is word 2 of the previous record: the callback that is done.
//   255     The size as a LEB128, and the record unchanged. This defines the next shape number if the record can have a
//           shape (whole words, at least a header, at most packed::max_words) and fewer than 253 shapes are defined.
//
// Runs exist since version 4 of the format. Before that, 253 and 254 were shape numbers, but no writer defined so many
// shapes, so a reader reads older files correctly.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <vector>

#include "capture/format.hpp"
#include "capture/packed_format.hpp"

namespace rcuscope {

// The shapes defined so far, each with its last record.
class PackedShapes {
public:
    using Words = std::array<std::uint64_t, packed::max_words>;
    struct Shape {
        std::size_t words = 0;
        std::uint16_t kind = 0;
        Words last;
    };
    // The shape's number; packed::max_shapes if it is not defined.
    std::size_t find(std::uint16_t kind, std::size_t words) const;
    void add(std::span<const std::byte> record);

    std::vector<Shape> shapes;
    std::uint64_t last_ns = 0;
};

class RecordPacker {
public:
    // Packs one record: any bytes, at most as many as RecordSize holds.
    void add(std::span<const std::byte> record);
    // Packs the records at the beginning of `ring`, laid out as in ring_records.hpp, each at most as long as
    // RecordSize holds. Returns how many bytes of `ring` they take.
    std::size_t add_ring(std::span<const std::byte> ring);

    std::span<const std::byte> packed() const { return std::span(packed_).first(used_); }
    std::size_t unpacked_size() const { return unpacked_size_; } // bytes, as unpack_records() returns them
    // None: no record was added, or one is too short to have a time.
    std::optional<ChunkTimes> times() const;
    bool empty() const { return used_ == 0; }
    void clear(); // starts a new chunk: later records do not refer to earlier ones

private:
    static constexpr std::uint64_t no_time = std::numeric_limits<std::uint64_t>::max();

    void add_whole(std::span<const std::byte> record);
    std::size_t add_run(std::span<const std::byte> ring, PackedShapes::Shape& shape);
    static std::byte* put_few(std::byte* out, std::span<const std::byte> record, PackedShapes::Words& last);
    static std::byte* put_many(std::byte* out, std::span<const std::byte> record, PackedShapes::Words& last);
    void make_room(std::size_t bytes);

    PackedShapes known_;
    std::size_t newest_ = 0;        // the shape found last, which most often is the next record's too
    std::vector<std::byte> packed_; // used_ bytes, then free space
    std::size_t used_ = 0;
    std::size_t unpacked_size_ = 0;
    std::uint64_t first_ns_ = no_time;
    std::uint64_t records_ = 0;
    bool all_timed_ = true;
};

} // namespace rcuscope
