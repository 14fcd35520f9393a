// SPDX-License-Identifier: BSD-2-Clause
#include "capture/scan.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>

#include "capture/chunk_reader.hpp"
#include "capture/symbols.hpp"
#include "wire.h"

namespace rcuscope {
namespace {

Status check_file_header(const InputFile& file) {
    if (file.size() == 0)
        return file.cannot_read("it is empty", "the recording ended before anything was written");
    FileHeader header{};
    const auto present = static_cast<std::size_t>(std::min<std::uint64_t>(file.size(), sizeof header));
    if (!file.read_at(0, std::as_writable_bytes(std::span(&header, 1)).first(present)))
        return file.cannot_read("its first bytes cannot be read");
    if (std::memcmp(header.magic, file_magic, std::min(present, sizeof file_magic)) != 0)
        return file.cannot_read("it is not an rcuscope capture", "captures are made by rcuscope record");
    if (present < sizeof header)
        return file.cannot_read("it was cut off inside its header", "record again");
    if (header.version > format_version) {
        return file.cannot_read("it has capture format " + std::to_string(header.version) +
                                    "; this rcuscope reads up to " + std::to_string(format_version),
                                "update rcuscope");
    }
    if (header.wire_version < RS_WIRE_OLDEST_VERSION || header.wire_version > RS_WIRE_VERSION) {
        return file.cannot_read("its records have version " + std::to_string(header.wire_version) +
                                    "; this rcuscope reads " + std::to_string(RS_WIRE_OLDEST_VERSION) + " to " +
                                    std::to_string(RS_WIRE_VERSION),
                                "read it with the version of rcuscope that recorded it");
    }
    if (header.features != 0)
        return file.cannot_read("it needs a feature that this rcuscope does not have", "update rcuscope");
    return {};
}

// The limit on the total unpacked size of all chunks, as a multiple of the file's size. It keeps time and memory
// proportional to the file. In recordings, records mostly unpack to 3 to 11 times their size in the file, and texts to
// up to 15 times. The records of an emulated machine whose clock counts instructions are so regular that they unpack to
// 450 times. A forged file can have 9,000 times. least_unpacked is the limit for files of a few chunks.
constexpr std::uint64_t max_unpacked_times = 2048;
constexpr std::uint64_t least_unpacked = 4U << 20;
// Each symbol names an address in the kernel's text. A kernel and its modules have a few hundred thousand functions.
constexpr std::size_t max_symbols = std::size_t{1} << 19;

class Scanner {
public:
    explicit Scanner(const InputFile& file) : file_(file), chunks_(file) {
        index_.extent.file_bytes = file.size();
        index_.extent.valid_bytes = sizeof(FileHeader);
    }

    Result<CaptureIndex> scan() && {
        if (Status status = take_metadata(); !status)
            return tl::unexpected<Error>(status.error());
        while (!index_.trailer && !at_end()) {
            if (auto taken = take_next(); !taken) {
                index_.extent.cut_reason = std::move(taken.error());
                break;
            }
            if (index_.symbols.size() > max_symbols) {
                return file_.cannot_read("it names more than " + std::to_string(max_symbols) +
                                             " addresses, which no recording does",
                                         made_up);
            }
        }
        if (!fits())
            return does_not_fit();
        if (index_.extent.cut_reason.empty())
            index_.extent.cut_reason = why_ended();
        sort_and_deduplicate_symbols(index_.symbols);
        return std::move(index_);
    }

private:
    bool at_end() const { return index_.extent.valid_bytes == file_.size(); }

    std::string why_ended() const {
        if (!index_.trailer)
            return "the recording has no end: it was cut off";
        if (!at_end())
            return std::to_string(file_.size() - index_.extent.valid_bytes) + " bytes follow the end of the recording";
        return {};
    }

    Status take_metadata() {
        const std::uint64_t offset = index_.extent.valid_bytes;
        if (at_end())
            return no_metadata("it ends after its header");
        const auto chunk = chunks_.read(offset);
        if (!chunk)
            return no_metadata(chunk.error());
        if (chunk->type() != ChunkType::metadata || !chunk->of_known_kind())
            return no_metadata(damaged(offset, "it is not the metadata"));
        const auto json = read_json(*chunk);
        if (!json)
            return no_metadata(json.error());
        if (!count(*chunk))
            return does_not_fit();
        auto metadata = metadata_from_json(*json);
        if (!metadata)
            return file_.cannot_read(metadata.error().why, "record again");
        index_.metadata = std::move(*metadata);
        index_.extent.valid_bytes = chunk->end();
        return {};
    }

    tl::unexpected<Error> no_metadata(const std::string& why) const {
        return file_.cannot_read("its metadata is incomplete: " + why, "record again");
    }

    // Adds the chunk's unpacked size to the total. The chunk's content matches its header, or it is a timed events
    // chunk with a plausible header. Returns false if the total is too large.
    bool count(const Chunk& chunk) {
        const bool packed = (chunk.header.flags & chunk_packed) != 0;
        unpacked_bytes_ += std::max(chunk.header.size, packed ? chunk.header.unpacked : 0);
        return fits();
    }
    bool fits() const { return unpacked_bytes_ <= max_unpacked(); }
    std::uint64_t max_unpacked() const { return std::max(least_unpacked, max_unpacked_times * file_.size()); }
    tl::unexpected<Error> does_not_fit() const {
        return file_.cannot_read(
            "its " + std::to_string(file_.size()) + " bytes unpack to more than " + std::to_string(max_unpacked()) +
                (max_unpacked() == least_unpacked ? std::string()
                                                  : ", " + std::to_string(max_unpacked_times) + " times as many") +
                ", which no recording does",
            made_up);
    }

    tl::expected<void, Damage> take_next() {
        const auto chunk = chunks_.read(index_.extent.valid_bytes);
        if (!chunk)
            return tl::unexpected<Damage>(chunk.error());
        return take(*chunk).map([&] { index_.extent.valid_bytes = chunk->end(); });
    }

    tl::expected<void, Damage> take(const Chunk& chunk) {
        if (!chunk.of_known_kind() || chunk.type() == ChunkType::metadata) {
            ++index_.extent.skipped_chunks;
            return {};
        }
        // A chunk whose content contradicts its header is damage. The size that it claims does not count.
        auto taken =
            chunk.type() == ChunkType::events
                ? take_events(chunk)
                : read_json(chunk).and_then([&](const nlohmann::json& json) {
                      return chunk.type() == ChunkType::symbols ? take_symbols(chunk, json) : take_trailer(chunk, json);
                  });
        if (taken && !count(chunk))
            return tl::unexpected<Damage>(
                "the file unpacks to more than its size allows"); // scan() checks fits() again
        return taken;
    }

    tl::expected<void, Damage> take_events(const Chunk& chunk) {
        if (chunk.header.cpu >= index_.metadata.host.cpus)
            return tl::unexpected<Damage>(damaged(chunk.offset, "it belongs to a CPU that the machine did not have"));
        return chunk.times ? take_timed(chunk, *chunk.times) : take_untimed(chunk);
    }

    // The header and the ChunkTimes tell all that the index needs, so the payload is not decompressed.
    tl::expected<void, Damage> take_timed(const Chunk& chunk, const ChunkTimes& times) {
        if (auto sizes = chunks_.check_sizes(chunk); !sizes)
            return sizes;
        const bool packed = (chunk.header.flags & chunk_packed) != 0;
        const std::uint64_t bytes = packed ? chunk.header.unpacked : chunk.header.size;
        if (times.records == 0 || times.records > bytes / sizeof(RecordSize))
            return tl::unexpected<Damage>(damaged(chunk.offset, "it is too small for its number of records"));
        ++index_.extent.event_chunks;
        index_.extent.event_bytes += bytes - times.records * sizeof(RecordSize);
        index_.events.push_back({chunk.offset, times.first_ns, chunk.header.cpu});
        return {};
    }

    tl::expected<void, Damage> take_untimed(const Chunk& chunk) {
        if (auto read = chunks_.payload(chunk, payload_); !read)
            return tl::unexpected<Damage>(read.error());
        std::uint64_t first_ns = std::numeric_limits<std::uint64_t>::max();
        std::uint64_t bytes = 0;
        std::uint64_t untimed = 0;
        bool timed = false;
        const bool whole = for_each_record(payload_, [&](std::span<const std::byte> record) {
            bytes += record.size();
            if (const auto ns = record_time(record)) {
                first_ns = std::min(first_ns, *ns);
                timed = true;
            } else {
                ++untimed;
            }
        });
        if (!whole)
            return tl::unexpected<Damage>(damaged(chunk.offset, "a record extends beyond its end"));
        ++index_.extent.event_chunks;
        index_.extent.event_bytes += bytes;
        index_.extent.skipped_records += untimed;
        if (timed)
            index_.events.push_back({chunk.offset, first_ns, chunk.header.cpu});
        return {};
    }

    tl::expected<void, Damage> take_symbols(const Chunk& chunk, const nlohmann::json& json) {
        if (auto problem = append_symbols(json, index_.symbols))
            return tl::unexpected<Damage>(damaged(chunk.offset, *problem));
        return {};
    }

    tl::expected<void, Damage> take_trailer(const Chunk& chunk, const nlohmann::json& json) {
        auto trailer = trailer_from_json(json);
        if (!trailer)
            return tl::unexpected<Damage>(damaged(chunk.offset, trailer.error().why));
        index_.trailer = std::move(*trailer);
        return {};
    }

    tl::expected<nlohmann::json, Damage> read_json(const Chunk& chunk) {
        if (auto read = chunks_.payload(chunk, payload_); !read)
            return tl::unexpected<Damage>(read.error());
        auto json = parse_json(payload_);
        if (json.is_discarded()) {
            return tl::unexpected<Damage>(
                damaged(chunk.offset, "it is not JSON, or is larger or more deeply nested than in any recording"));
        }
        return json;
    }

    static constexpr const char* made_up = "the file is damaged or forged: record again";

    const InputFile& file_;
    ChunkReader chunks_;
    CaptureIndex index_;
    std::vector<std::byte> payload_;
    std::uint64_t unpacked_bytes_ = 0; // total of the chunks of known types
};

} // namespace

Result<CaptureIndex> scan_capture(const InputFile& file) {
    if (Status status = check_file_header(file); !status)
        return tl::unexpected<Error>(status.error());
    return Scanner(file).scan();
}

} // namespace rcuscope
