// SPDX-License-Identifier: BSD-2-Clause
//
// Appends chunks (format.hpp) to a capture and compresses their payloads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>

#include "base/error.hpp"
#include "capture/chunk_reader.hpp"
#include "capture/format.hpp"
#include "capture/output_file.hpp"
#include "capture/packing.hpp"
#include "capture/payload.hpp"

namespace rcuscope {

// Appends each chunk whole. If a write fails, OutputFile truncates the file to its last whole chunk, where it can.
class ChunkWriter {
public:
    explicit ChunkWriter(OutputFile file) : file_(std::move(file)) {}

    // Compresses the payload if that makes it smaller, as events() does.
    Status write(ChunkType type, std::span<const std::byte> payload);
    Status events(std::uint32_t cpu, const RecordPacker& records);
    // The same as events(), without compression.
    Status quick_events(std::uint32_t cpu, const RecordPacker& records);
    // Copies a chunk that a ChunkReader read. Compresses it if it is not compressed yet and that makes it smaller.
    Status copy(const Chunk& chunk);

    OutputFile& file() { return file_; }
    const OutputFile& file() const { return file_; }

private:
    // Takes type, flags, cpu and unpacked from `header`. `times`: a ChunkTimes, or empty.
    Status compressed(ChunkHeader header, std::span<const std::byte> times, std::span<const std::byte> payload);
    Status append(ChunkHeader header, std::span<const std::byte> times, std::span<const std::byte> stored);

    OutputFile file_;
    Compressor compressor_;
};

} // namespace rcuscope
