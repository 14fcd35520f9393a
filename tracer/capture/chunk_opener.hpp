// SPDX-License-Identifier: BSD-2-Clause
//
// Opens the events chunks that scan_capture() found, for the merge (merge.hpp). Fails if the file has changed since
// the scan.
#pragma once

#include <cstddef>
#include <vector>

#include "base/error.hpp"
#include "capture/chunk_reader.hpp"
#include "capture/input_file.hpp"
#include "capture/open_chunk.hpp"
#include "capture/scan.hpp"

namespace rcuscope {

// A chunk that was opened, or the error.
struct OpenedChunk {
    OpenChunk chunk;
    Status status;
};

EventOrder first_place(const EventChunk& chunk);

// One thread uses a ChunkOpener at a time.
class ChunkOpener {
public:
    // Keeps references to both.
    ChunkOpener(const InputFile& file, const std::vector<EventChunk>& chunks)
        : file_(file), reader_(file), chunks_(chunks) {}

    // Opens the chunk with this index into `out`, whose memory it reuses. Returns false if there is no such chunk.
    bool open(OpenedChunk& out, std::size_t number);

private:
    tl::unexpected<Error> changed() const;
    Status load(OpenChunk& chunk);

    const InputFile& file_;
    ChunkReader reader_;
    const std::vector<EventChunk>& chunks_;
    std::vector<std::byte> spare_;
};

} // namespace rcuscope
