// SPDX-License-Identifier: BSD-2-Clause
#include "capture/chunk_reader.hpp"

#include <algorithm>
#include <cstring>

namespace rcuscope {

static std::string at_byte(std::uint64_t offset) {
    return "the chunk at byte " + std::to_string(offset);
}

Damage damaged(std::uint64_t offset, const std::string& what) {
    return at_byte(offset) + " is damaged: " + what;
}

bool Chunk::of_known_kind() const {
    switch (type()) {
    case ChunkType::metadata:
    case ChunkType::events:
    case ChunkType::symbols:
    case ChunkType::trailer:
        // An unknown flag changes the meaning of the payload.
        return (header.flags & ~(chunk_compressed | (type() == ChunkType::events ? chunk_packed | chunk_timed : 0))) ==
               0;
    }
    return false;
}

tl::expected<Chunk, Damage> ChunkReader::read(std::uint64_t offset) {
    const auto cut = [&](std::uint64_t size) { return file_.size() < offset || file_.size() - offset < size; };
    const auto unreadable = [&] { return tl::unexpected<Damage>(at_byte(offset) + " cannot be read"); };
    Chunk chunk;
    chunk.offset = offset;
    if (cut(sizeof chunk.header))
        return tl::unexpected<Damage>("the file ends inside " + at_byte(offset));
    if (!file_.read_at(offset, std::as_writable_bytes(std::span(&chunk.header, 1))))
        return unreadable();
    if (chunk.header.magic != chunk_magic)
        return tl::unexpected<Damage>(damaged(offset, "it does not begin with a chunk header"));
    if (std::max(chunk.header.stored, chunk.header.size) > max_chunk_size)
        return tl::unexpected<Damage>(damaged(offset, "its size exceeds the limit of a chunk"));
    if (cut(sizeof chunk.header + chunk.header.stored))
        return tl::unexpected<Damage>("the file ends inside " + at_byte(offset));
    stored_.resize(chunk.header.stored);
    if (!file_.read_at(offset + sizeof chunk.header, stored_))
        return unreadable();
    chunk.stored = stored_;
    if (chunk_checksum(chunk.header, chunk.stored) != chunk.header.checksum)
        return tl::unexpected<Damage>("the checksum of " + at_byte(offset) + " is wrong");
    if (chunk.type() == ChunkType::events && (chunk.header.flags & chunk_timed) != 0) {
        ChunkTimes& times = chunk.times.emplace();
        if (chunk.stored.size() < sizeof times)
            return tl::unexpected<Damage>(damaged(offset, "it is too short for its times"));
        std::memcpy(&times, chunk.stored.data(), sizeof times);
        chunk.stored = chunk.stored.subspan(sizeof times);
    }
    return chunk;
}

tl::expected<void, Damage> ChunkReader::check_sizes(const Chunk& chunk) const {
    if (chunk.type() == ChunkType::events && std::max(chunk.header.size, chunk.header.unpacked) > max_events_size)
        return tl::unexpected<Damage>(damaged(chunk.offset, "its events exceed the limit of a chunk"));
    return {};
}

tl::expected<Unpacked, Damage> ChunkReader::payload(const Chunk& chunk, std::vector<std::byte>& out) {
    if (auto sizes = check_sizes(chunk); !sizes)
        return tl::unexpected<Damage>(sizes.error());
    if ((chunk.header.flags & chunk_packed) == 0)
        return decompressed(chunk, out).map([] { return Unpacked{}; });
    return decompressed(chunk, packed_).and_then([&]() -> tl::expected<Unpacked, Damage> {
        const auto unpacked = unpack_records(packed_, chunk.header.unpacked, out);
        if (!unpacked)
            return tl::unexpected<Damage>(damaged(chunk.offset, "it cannot be unpacked to the size in its header"));
        return *unpacked;
    });
}

tl::expected<void, Damage> ChunkReader::decompressed(const Chunk& chunk, std::vector<std::byte>& out) {
    if ((chunk.header.flags & chunk_compressed) == 0) {
        if (chunk.stored.size() != chunk.header.size)
            return tl::unexpected<Damage>(damaged(chunk.offset, "its two sizes contradict each other"));
        out.assign(chunk.stored.begin(), chunk.stored.end());
        return {};
    }
    out.resize(chunk.header.size);
    if (!decompressor_.decompress(chunk.stored, out))
        return tl::unexpected<Damage>(damaged(chunk.offset, "it cannot be decompressed to the size in its header"));
    return {};
}

} // namespace rcuscope
