// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <cstddef>
#include <vector>

#include "base/error.hpp"
#include "capture/chunk_reader.hpp"
#include "capture/input_file.hpp"
#include "capture/open_chunk.hpp"
#include "capture/scan.hpp"

namespace rcuscope {

// A chunk that was opened ahead, or why it could not be.
struct Opened {
    OpenChunk chunk;
    Status status;
};

Place first_place(const EventChunk& chunk);

// Opens chunks, one after the other.
class Opener {
public:
    // `chunks` in the order in which they are to be opened. Refers to both.
    Opener(const InputFile& file, const std::vector<EventChunk>& chunks)
        : file_(file), reader_(file), chunks_(chunks) {}

    // Into one that is not needed any more. False if there are no more.
    bool open(Opened& out);

private:
    tl::unexpected<Error> changed() const;
    Status load(OpenChunk& chunk);

    const InputFile& file_;
    ChunkReader reader_;
    const std::vector<EventChunk>& chunks_;
    std::size_t opened_ = 0;
    std::vector<std::byte> spare_;
};

} // namespace rcuscope
