// SPDX-License-Identifier: BSD-2-Clause
//
// Records of one CPU, packed: of each only what differs from the one before of
// its shape, its kind and size. Records of a kind have most of their words in common,
// or a small step apart, so a few bytes are left of each for zstd.
//
// A record is one byte and what that byte asks for:
//
//   0..252  the shape's number. Then a LEB128 with a bit for each 64-bit word of the
//           record that differs, the first word's lowest, and for each of these the
//           difference, wrapped around, as a zigzag LEB128: of the time (word 0) to
//           the record before, of whichever shape, of others to the same word of the
//           record before of this shape.
//   253     a run of records of a shape of 5 words: the shape's number, how many (u16), and for each of
//           them two u16: by how much the time has grown, and 0x8000 more than by how much word 2
//           has. The other words are those of the record before.
//   254     the same, but word 4 is word 2 of the record before: a callback that is done.
//   255     a LEB128 of the size, and the record as it is. If it can be a shape (whole words,
//           a header at least, packed::most_words at most) and fewer than 253 are there, it is
//           the next one.
//
// There are runs since version 4 of the format. No writer before had so many shapes as are told apart now.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <vector>

#include "capture/format.hpp"
#include "capture/packed_marks.hpp"

namespace rcuscope {

// The last record of each shape.
class PackedShapes {
public:
    using Words = std::array<std::uint64_t, packed::most_words>;
    struct Shape {
        std::size_t words = 0;
        std::uint16_t kind = 0;
        Words last;
    };
    // The number of a record's shape, or packed::most_shapes.
    std::size_t find(std::uint16_t kind, std::size_t words) const;
    void add(std::span<const std::byte> record);

    std::vector<Shape> shapes;
    std::uint64_t last_ns = 0;
};

class RecordPacker {
public:
    // Any bytes, up to what RecordSize holds.
    void add(std::span<const std::byte> record);
    // The records at the beginning of these bytes, as ring_records.hpp says, none longer than RecordSize holds.
    // Returns how many bytes they are.
    std::size_t add_ring(std::span<const std::byte> ring);

    std::span<const std::byte> packed() const { return std::span(packed_).first(used_); }
    std::size_t unpacked_size() const { return unpacked_size_; } // as unpack_records() gives them
    // None: a record is too short to have a time.
    std::optional<ChunkTimes> times() const;
    bool empty() const { return used_ == 0; }
    void clear(); // what comes next does not need what came before

private:
    static constexpr std::uint64_t no_time = std::numeric_limits<std::uint64_t>::max();

    void add_whole(std::span<const std::byte> record);
    std::size_t add_run(std::span<const std::byte> ring, PackedShapes::Shape& shape);
    static std::byte* put_few(std::byte* out, std::span<const std::byte> record, PackedShapes::Words& last);
    static std::byte* put_many(std::byte* out, std::span<const std::byte> record, PackedShapes::Words& last);
    void make_room(std::size_t bytes);

    PackedShapes known_;
    std::size_t newest_ = 0;        // the shape of the record before: mostly it is this one's, too
    std::vector<std::byte> packed_; // and room for more
    std::size_t used_ = 0;
    std::size_t unpacked_size_ = 0;
    std::uint64_t first_ns_ = no_time;
    std::uint64_t records_ = 0;
    bool all_timed_ = true;
};

} // namespace rcuscope
