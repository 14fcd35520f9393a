// SPDX-License-Identifier: BSD-2-Clause
//
// The format of a capture (.rcu), little-endian throughout:
//
//     FileHeader, then chunks until the end: ChunkHeader, payload
//
// The writer only appends, so a file that was cut off anywhere is valid up to its last whole chunk. A chunk is whole if
// its checksum is correct. A reader skips a chunk of an unknown type by its size.
//
//   metadata  JSON (metadata.hpp). The first chunk.
//   events    Records of one CPU in the order of its ring: each is a u16 size, then that many bytes, laid out as in
//             bpf/wire.h. Since version 2 they are packed (packing.hpp). Since version 3 a ChunkTimes precedes them, so
//             that a reader knows the order of the chunks before it opens them.
//   symbols   JSON: [{"address": N, "name": "free_module", "offset": N, "module": "", "since_ns": N }, ...],
//             names of code addresses that nearby events chunks contain. A name is valid from since_ns on. Older files
//             have no times (since_ns is null or missing); there, if two modules had the same address, only the order
//             of the names in the file tells which was first.
//   trailer   JSON (metadata.hpp). The last chunk, if the recording ended in order.
#pragma once

#include <cstdint>

namespace rcuscope {

struct FileHeader {
    char magic[8];              // "RCUSCOPE"
    std::uint32_t version;      // format_version; a reader refuses a greater one
    std::uint32_t wire_version; // RS_WIRE_VERSION of the records; a reader refuses unknown ones
    std::uint64_t features;     // a reader refuses the file if it does not know each bit; none is defined yet
};
static_assert(sizeof(FileHeader) == 24);

inline constexpr char file_magic[8] = {'R', 'C', 'U', 'S', 'C', 'O', 'P', 'E'};
inline constexpr std::uint32_t format_version = 4;

enum class ChunkType : std::uint16_t { metadata = 1, events = 2, symbols = 3, trailer = 4 };

// Flags of ChunkHeader: how the payload is stored.
inline constexpr std::uint16_t chunk_compressed = 1; // as one zstd frame
inline constexpr std::uint16_t chunk_packed = 2;     // events that were packed before compression
inline constexpr std::uint16_t chunk_timed = 4; // events; a ChunkTimes precedes them, neither packed nor compressed

struct ChunkHeader {
    std::uint32_t magic; // chunk_magic
    std::uint16_t type;  // ChunkType
    std::uint16_t flags;
    std::uint32_t cpu;      // the CPU of an events chunk; otherwise 0
    std::uint32_t stored;   // bytes of payload in the file, including the ChunkTimes
    std::uint32_t size;     // bytes of payload when decompressed, without the ChunkTimes
    std::uint32_t unpacked; // bytes of payload when unpacked; 0 if it is not packed
    std::uint64_t checksum; // XXH3, 64 bits, of this header with checksum 0 and then of the stored payload
};
static_assert(sizeof(ChunkHeader) == 32);

struct ChunkTimes {
    std::uint64_t first_ns; // the earliest time of its records
    std::uint64_t records;  // the number of its records; each has a time
};
static_assert(sizeof(ChunkTimes) == 16);

inline constexpr std::uint32_t chunk_magic = 0x4b484352; // "RCHK"
// No writer makes a larger chunk. A reader treats a larger one as damage.
inline constexpr std::uint32_t max_chunk_size = 16u << 20;
// The limit for events chunks, which is smaller because a reader holds several of each CPU at a time.
inline constexpr std::uint32_t max_events_size = 1u << 20;
// CPU numbers are below this, the largest NR_CPUS with which Linux can be configured.
inline constexpr std::uint32_t max_cpus = 8192;

} // namespace rcuscope
