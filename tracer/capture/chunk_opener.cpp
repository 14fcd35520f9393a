// SPDX-License-Identifier: BSD-2-Clause
#include "capture/chunk_opener.hpp"

namespace rcuscope {

EventOrder first_place(const EventChunk& chunk) {
    return {chunk.first_ns, chunk.cpu, chunk.offset};
}

bool ChunkOpener::open(OpenedChunk& out, std::size_t number) {
    if (number >= chunks_.size())
        return false;
    const EventChunk& wanted = chunks_[number];
    out.chunk.offset = wanted.offset;
    out.chunk.cpu = wanted.cpu;
    out.status = load(out.chunk);
    if (out.status && out.chunk.place() != first_place(wanted))
        out.status = changed();
    return true;
}

tl::unexpected<Error> ChunkOpener::changed() const {
    return file_.cannot_read("it changed while it was read", "read it when no process writes to it any more");
}

Status ChunkOpener::load(OpenChunk& chunk) {
    const auto found = reader_.read(chunk.offset);
    if (!found || found->type() != ChunkType::events || found->header.cpu != chunk.cpu)
        return changed();
    const auto made_up = [&](const Damage& why) {
        return file_.cannot_read(why, "its checksum is right, so it was written with this fault: record again");
    };
    const auto read = reader_.payload(*found, chunk.payload);
    if (!read)
        return made_up(read.error());
    if (!chunk.begin(*read, spare_))
        return made_up(damaged(chunk.offset, "it has no record, or a record extends beyond its end"));
    if (chunk.payload.capacity() > 2 * chunk.payload.size()) // it was the buffer of a larger chunk
        chunk.payload.shrink_to_fit();
    if (found->times && (chunk.records != found->times->records || chunk.first_ns != found->times->first_ns))
        return made_up(damaged(chunk.offset, "its records contradict its header"));
    return {};
}

} // namespace rcuscope
