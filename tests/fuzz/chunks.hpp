// SPDX-License-Identifier: BSD-2-Clause
//
// A capture file in parts, which can be changed and put together again with the
// right checksums: a fuzzer does not guess those.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "capture/format.hpp"
#include "fuzz.hpp"

namespace rcuscope::fuzz {

struct RawChunk {
    ChunkHeader header{}; // its sizes and checksum are those of `stored` when it is put together
    Bytes stored;
};

struct RawCapture {
    Bytes beginning; // the file's header, or what there is of it
    std::vector<RawChunk> chunks;
    Bytes rest; // that does not read as a chunk
};

RawCapture take_apart(std::span<const std::byte> file);
Bytes put_together(const RawCapture& capture);

RawChunk chunk_of(ChunkType type, std::span<const std::byte> payload, std::uint32_t cpu = 0);
FileHeader file_header();

// None: it is compressed, and cannot be decompressed, or is large.
std::optional<Bytes> payload_of(const RawChunk& chunk);
void set_payload(RawChunk& chunk, std::span<const std::byte> payload, bool compressed);

} // namespace rcuscope::fuzz
