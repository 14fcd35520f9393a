// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/error.hpp"
#include "capture/input_file.hpp"
#include "capture/reader.hpp"

namespace rcuscope {

// An events chunk that was found whole, with at least one record that has a time.
// One that says so itself (ChunkTimes) was not opened for it.
struct EventChunk {
    std::uint64_t offset = 0;
    std::uint64_t first_ns = 0; // the earliest of its records
    std::uint32_t cpu = 0;
};

// What a pass over the whole file finds. Every chunk of `events` has the right
// checksum, so that where the valid part ends is known before the first event is
// given out.
struct CaptureIndex {
    Metadata metadata;
    std::vector<SymbolInfo> symbols;
    std::optional<Trailer> trailer;
    std::vector<EventChunk> events; // as in the file
    CaptureExtent extent;           // skipped_records: those that are too short to have a time
};

Result<CaptureIndex> scan_capture(const InputFile& file);

} // namespace rcuscope
