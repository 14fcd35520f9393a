// SPDX-License-Identifier: BSD-2-Clause
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

// Puts chunks at the end of a file, each whole or not at all.
class ChunkWriter {
public:
    explicit ChunkWriter(OutputFile file) : file_(std::move(file)) {}

    // Compressed, if that is smaller.
    Status write(ChunkType type, std::span<const std::byte> payload);
    Status events(std::uint32_t cpu, const RecordPacker& records);
    // The same, but not compressed.
    Status quick_events(std::uint32_t cpu, const RecordPacker& records);
    // One that was read; compressed, if it is not yet and that is smaller.
    Status copy(const Chunk& chunk);

    OutputFile& file() { return file_; }
    const OutputFile& file() const { return file_; }

private:
    // Header: type, flags, cpu and unpacked. `times`: a ChunkTimes, or nothing.
    Status compressed(ChunkHeader header, std::span<const std::byte> times, std::span<const std::byte> payload);
    Status append(ChunkHeader header, std::span<const std::byte> times, std::span<const std::byte> stored);

    OutputFile file_;
    Compressor compressor_;
};

} // namespace rcuscope
