// SPDX-License-Identifier: BSD-2-Clause
#include "chunks.hpp"

#include "capture/payload.hpp"
#include "wire.h"

namespace rcuscope::fuzz {

namespace {

void append(Bytes& to, std::span<const std::byte> more) {
    to.insert(to.end(), more.begin(), more.end());
}

} // namespace

RawCapture take_apart(std::span<const std::byte> file) {
    RawCapture capture;
    Cursor cursor(file);
    append(capture.beginning, cursor.take(sizeof(FileHeader)));
    auto left = cursor.rest();
    while (left.size() >= sizeof(ChunkHeader)) {
        RawChunk chunk;
        std::memcpy(&chunk.header, left.data(), sizeof chunk.header);
        if (chunk.header.magic != chunk_magic || chunk.header.stored > left.size() - sizeof chunk.header)
            break;
        append(chunk.stored, left.subspan(sizeof chunk.header, chunk.header.stored));
        left = left.subspan(sizeof chunk.header + chunk.header.stored);
        capture.chunks.push_back(std::move(chunk));
    }
    append(capture.rest, left);
    return capture;
}

Bytes put_together(const RawCapture& capture) {
    Bytes file = capture.beginning;
    for (const RawChunk& chunk : capture.chunks) {
        ChunkHeader header = chunk.header;
        header.stored = static_cast<std::uint32_t>(chunk.stored.size());
        header.checksum = chunk_checksum(header, chunk.stored);
        append(file, std::as_bytes(std::span(&header, 1)));
        append(file, chunk.stored);
    }
    append(file, capture.rest);
    return file;
}

RawChunk chunk_of(ChunkType type, std::span<const std::byte> payload, std::uint32_t cpu) {
    RawChunk chunk;
    chunk.header.magic = chunk_magic;
    chunk.header.type = static_cast<std::uint16_t>(type);
    chunk.header.cpu = cpu;
    set_payload(chunk, payload, false);
    return chunk;
}

FileHeader file_header() {
    FileHeader header{};
    std::memcpy(header.magic, file_magic, sizeof header.magic);
    header.version = format_version;
    header.wire_version = RS_WIRE_VERSION;
    return header;
}

std::optional<Bytes> payload_of(const RawChunk& chunk) {
    const bool timed = (chunk.header.flags & chunk_timed) != 0 && chunk.stored.size() >= sizeof(ChunkTimes);
    const auto stored = std::span(chunk.stored).subspan(timed ? sizeof(ChunkTimes) : 0);
    if ((chunk.header.flags & chunk_compressed) == 0)
        return Bytes(stored.begin(), stored.end());
    Bytes payload;
    if (chunk.header.size > max_events_size)
        return std::nullopt;
    payload.resize(chunk.header.size);
    return Decompressor().decompress(stored, payload) ? std::optional(std::move(payload)) : std::nullopt;
}

void set_payload(RawChunk& chunk, std::span<const std::byte> payload, bool compressed) {
    Compressor compressor;
    const auto frame = compressed ? compressor.compress(payload) : std::nullopt;
    const auto stored = frame.value_or(payload);
    chunk.stored.assign(stored.begin(), stored.end());
    chunk.header.size = static_cast<std::uint32_t>(payload.size());
    chunk.header.flags = frame ? chunk_compressed : std::uint16_t{0};
}

} // namespace rcuscope::fuzz
