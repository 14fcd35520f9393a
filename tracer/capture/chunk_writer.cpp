// SPDX-License-Identifier: BSD-2-Clause
#include "capture/chunk_writer.hpp"

namespace rcuscope {

Status ChunkWriter::write(ChunkType type, std::span<const std::byte> payload) {
    ChunkHeader header{};
    header.type = static_cast<std::uint16_t>(type);
    return compressed(header, {}, payload);
}

static std::span<const std::byte> bytes_of(const std::optional<ChunkTimes>& times) {
    return times ? std::as_bytes(std::span(&*times, 1)) : std::span<const std::byte>();
}

static ChunkHeader events_header(std::uint32_t cpu, const RecordPacker& records,
                                 const std::optional<ChunkTimes>& times) {
    ChunkHeader header{};
    header.type = static_cast<std::uint16_t>(ChunkType::events);
    header.flags = times ? chunk_packed | chunk_timed : chunk_packed;
    header.cpu = cpu;
    header.size = static_cast<std::uint32_t>(records.packed().size());
    header.unpacked = static_cast<std::uint32_t>(records.unpacked_size());
    return header;
}

Status ChunkWriter::events(std::uint32_t cpu, const RecordPacker& records) {
    const auto times = records.times();
    return compressed(events_header(cpu, records, times), bytes_of(times), records.packed());
}

Status ChunkWriter::quick_events(std::uint32_t cpu, const RecordPacker& records) {
    const auto times = records.times();
    return append(events_header(cpu, records, times), bytes_of(times), records.packed());
}

Status ChunkWriter::copy(const Chunk& chunk) {
    return (chunk.header.flags & chunk_compressed) != 0 ? append(chunk.header, bytes_of(chunk.times), chunk.stored)
                                                        : compressed(chunk.header, bytes_of(chunk.times), chunk.stored);
}

Status ChunkWriter::compressed(ChunkHeader header, std::span<const std::byte> times,
                               std::span<const std::byte> payload) {
    if (payload.size() > max_chunk_size - sizeof(ChunkTimes)) {
        return fail(ExitCode::bad_input, "cannot write " + file_.path(),
                    "a chunk of " + std::to_string(payload.size()) + " bytes is more than the format holds");
    }
    const auto frame = compressor_.compress(payload);
    if (frame)
        header.flags |= chunk_compressed;
    header.size = static_cast<std::uint32_t>(payload.size());
    return append(header, times, frame.value_or(payload));
}

Status ChunkWriter::append(ChunkHeader header, std::span<const std::byte> times, std::span<const std::byte> stored) {
    header.magic = chunk_magic;
    header.stored = static_cast<std::uint32_t>(times.size() + stored.size());
    header.checksum = chunk_checksum(header, times, stored);
    return file_.append({std::as_bytes(std::span(&header, 1)), times, stored});
}

} // namespace rcuscope
