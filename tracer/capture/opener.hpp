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

// Opens chunks, one at a time.
class Opener {
public:
    // Refers to both.
    Opener(const InputFile& file, const std::vector<EventChunk>& chunks)
        : file_(file), reader_(file), chunks_(chunks) {}

    // The chunk of this number, into one that is not needed any more. False if there are not so many.
    bool open(Opened& out, std::size_t number);

private:
    tl::unexpected<Error> changed() const;
    Status load(OpenChunk& chunk);

    const InputFile& file_;
    ChunkReader reader_;
    const std::vector<EventChunk>& chunks_;
    std::vector<std::byte> spare_;
};

} // namespace rcuscope
