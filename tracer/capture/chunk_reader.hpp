// SPDX-License-Identifier: BSD-2-Clause
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

// Why a chunk cannot be taken, in words for CaptureExtent::cut_reason.
using Damage = std::string;

// A chunk with the right checksum. What it holds may still be anything.
struct Chunk {
    std::uint64_t offset = 0; // of its header
    ChunkHeader header{};
    std::optional<ChunkTimes> times;   // of an events chunk that has them
    std::span<const std::byte> stored; // the payload, without its times; valid until the next read()

    std::uint64_t end() const { return offset + sizeof(ChunkHeader) + header.stored; }
    ChunkType type() const { return static_cast<ChunkType>(header.type); }
    bool of_known_kind() const;
};

// Reads chunks with buffers that are used again. Never holds more than one chunk.
class ChunkReader {
public:
    explicit ChunkReader(const InputFile& file) : file_(file) {}

    tl::expected<Chunk, Damage> read(std::uint64_t offset);

    // Whether payload() could hold it; nothing of it is looked at.
    tl::expected<void, Damage> check_sizes(const Chunk& chunk) const;

    // The chunk's payload, decompressed and unpacked, into `out`. If it was packed, what was seen of its records;
    // otherwise as if there were none.
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
