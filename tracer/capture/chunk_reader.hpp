// SPDX-License-Identifier: BSD-2-Clause
//
// Reads the chunks of a capture (format.hpp): checks the checksum, decompresses and unpacks the payload. The file is
// untrusted input. An error is a text that names the chunk (Damage).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "capture/format.hpp"
#include "capture/input_file.hpp"
#include "capture/payload.hpp"
#include "capture/unpacking.hpp"

namespace rcuscope {

// Why a chunk is rejected: a text for CaptureExtent::cut_reason.
using Damage = std::string;

// A chunk with a correct checksum. Its content is still untrusted.
struct Chunk {
    std::uint64_t offset = 0; // position of its header in the file
    ChunkHeader header{};
    std::optional<ChunkTimes> times;   // of an events chunk with chunk_timed
    std::span<const std::byte> stored; // the payload without its ChunkTimes; valid until the next read()

    std::uint64_t end() const { return offset + sizeof(ChunkHeader) + header.stored; }
    ChunkType type() const { return static_cast<ChunkType>(header.type); }
    bool of_known_kind() const;
};

// Reuses its buffers, and holds one chunk at a time.
class ChunkReader {
public:
    explicit ChunkReader(const InputFile& file) : file_(file) {}

    tl::expected<Chunk, Damage> read(std::uint64_t offset);

    // Checks the sizes that the header of an events chunk claims. Reads no payload.
    tl::expected<void, Damage> check_sizes(const Chunk& chunk) const;

    // Decompresses and unpacks the chunk's payload into `out`. Returns what the unpacking saw of the records; a
    // default value if the payload is not packed.
    tl::expected<Unpacked, Damage> payload(const Chunk& chunk, std::vector<std::byte>& out);

private:
    tl::expected<void, Damage> decompressed(const Chunk& chunk, std::vector<std::byte>& out);

    const InputFile& file_;
    std::vector<std::byte> stored_;
    std::vector<std::byte> packed_;
    Decompressor decompressor_;
};

// "the chunk at byte 4096 is damaged: WHAT"
Damage damaged(std::uint64_t offset, const std::string& what);

} // namespace rcuscope
