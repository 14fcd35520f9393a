// SPDX-License-Identifier: BSD-2-Clause
//
// The capture file (.rcu), little-endian throughout:
//
//     FileHeader, then chunks until the end: ChunkHeader, payload
//
// Nothing is rewritten once written: a file that was cut off anywhere is valid
// up to the last whole chunk. A chunk is whole if its checksum is right.
// Chunks of an unknown type are skipped by their size.
//
//   metadata  JSON (metadata.hpp). The first chunk.
//   events    records of one CPU, in the order in which they were sent: each a
//             u16 size, then that many bytes, laid out as in bpf/wire.h. Packed
//             (packing.hpp) since version 2; since version 3 a ChunkTimes stands
//             before it, so that the order of chunks is known before they are opened.
//   symbols   JSON: [{"address": N, "name": "free_module", "offset": N, "module": "", "since_ns": N }, ...],
//             names of code addresses in events chunks near by, each from its time on; without times
//             (since_ns null or missing, in older files) only their order tells of two modules at one place
//   trailer   JSON (metadata.hpp). The last chunk, if the recording ended in order.
#pragma once

#include <cstdint>

namespace rcuscope {

struct FileHeader {
    char magic[8];              // "RCUSCOPE"
    std::uint32_t version;      // format_version; a reader refuses a greater one
    std::uint32_t wire_version; // RS_WIRE_VERSION of the records; a reader refuses others than it knows
    std::uint64_t features;     // bits that a reader must know to read the file: none yet
};
static_assert(sizeof(FileHeader) == 24);

inline constexpr char file_magic[8] = {'R', 'C', 'U', 'S', 'C', 'O', 'P', 'E'};
inline constexpr std::uint32_t format_version = 4;

enum class ChunkType : std::uint16_t { metadata = 1, events = 2, symbols = 3, trailer = 4 };

// Flags: how the payload is stored.
inline constexpr std::uint16_t chunk_compressed = 1; // as one zstd frame
inline constexpr std::uint16_t chunk_packed = 2;     // events that were packed before that
inline constexpr std::uint16_t chunk_timed = 4;      // events with a ChunkTimes before all that, as it is

struct ChunkHeader {
    std::uint32_t magic; // chunk_magic
    std::uint16_t type;  // ChunkType
    std::uint16_t flags;
    std::uint32_t cpu;      // of an events chunk, otherwise 0
    std::uint32_t stored;   // bytes of payload in the file, with the ChunkTimes
    std::uint32_t size;     // bytes of payload when decompressed
    std::uint32_t unpacked; // bytes of payload when unpacked; 0 if it is not packed
    std::uint64_t checksum; // XXH3, 64 bits, of this header with checksum 0 and then of the stored payload
};
static_assert(sizeof(ChunkHeader) == 32);

struct ChunkTimes {
    std::uint64_t first_ns; // the earliest of its records
    std::uint64_t records;  // how many there are, each of which has a time
};
static_assert(sizeof(ChunkTimes) == 16);

inline constexpr std::uint32_t chunk_magic = 0x4b484352; // "RCHK"
// No writer makes a larger chunk; a reader takes a larger one for damage.
inline constexpr std::uint32_t max_chunk_size = 16u << 20;
// The same for an events chunk: a reader holds several of each CPU at a time.
inline constexpr std::uint32_t max_events_size = 1u << 20;
// CPU numbers are below this: the most that Linux can be configured for (NR_CPUS).
inline constexpr std::uint32_t max_cpus = 8192;

} // namespace rcuscope
