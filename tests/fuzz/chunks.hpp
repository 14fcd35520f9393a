// SPDX-License-Identifier: BSD-2-Clause
//
// Splits a capture file into parts and joins them again with correct checksums, which a fuzzer cannot guess.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "capture/format.hpp"
#include "fuzz.hpp"

namespace rcuscope::fuzz {

struct RawChunk {
    ChunkHeader header{}; // put_together() sets its sizes and checksum from `stored`
    Bytes stored;
};

struct RawCapture {
    Bytes beginning; // the file header, possibly truncated
    std::vector<RawChunk> chunks;
    Bytes rest; // does not parse as a chunk
};

RawCapture take_apart(std::span<const std::byte> file);
Bytes put_together(const RawCapture& capture);

RawChunk chunk_of(ChunkType type, std::span<const std::byte> payload, std::uint32_t cpu = 0);
FileHeader file_header();

// Nothing: the payload is too large or cannot be decompressed.
std::optional<Bytes> payload_of(const RawChunk& chunk);
void set_payload(RawChunk& chunk, std::span<const std::byte> payload, bool compressed);

} // namespace rcuscope::fuzz
