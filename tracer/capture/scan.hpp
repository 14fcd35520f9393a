// SPDX-License-Identifier: BSD-2-Clause
//
// The first pass over a capture. It finds the valid part, and indexes the events chunks for the merge (merge.hpp).
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/error.hpp"
#include "capture/input_file.hpp"
#include "capture/reader.hpp"

namespace rcuscope {

// A whole events chunk with at least one record that has a time. A chunk with a ChunkTimes is not decompressed for
// this.
struct EventChunk {
    std::uint64_t offset = 0;
    std::uint64_t first_ns = 0; // the earliest time of its records
    std::uint32_t cpu = 0;
};

// The result of the scan. Every chunk in `events` has a correct checksum, so the end of the valid part is known before
// the first event is given out.
struct CaptureIndex {
    Metadata metadata;
    std::vector<SymbolInfo> symbols;
    std::optional<Trailer> trailer;
    std::vector<EventChunk> events; // in the order of the file
    CaptureExtent extent;           // skipped_records: only records that are too short to have a time
};

Result<CaptureIndex> scan_capture(const InputFile& file);

} // namespace rcuscope
