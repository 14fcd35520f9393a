// SPDX-License-Identifier: BSD-2-Clause
//
// Parts of a chunk's payload that the writer and the reader share: checksum, compression, JSON, and the framing of
// records. An events payload, when unpacked, is a sequence of records: a RecordSize, then so many bytes.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "capture/format.hpp"

struct ZSTD_CCtx_s;
struct ZSTD_DCtx_s;

namespace rcuscope {

static_assert(std::endian::native == std::endian::little, "the capture file is little-endian");

// The checksum for a chunk's header. The present value of header.checksum does not matter.
std::uint64_t chunk_checksum(ChunkHeader header, std::span<const std::byte> stored);
// The same for a payload in two parts.
std::uint64_t chunk_checksum(ChunkHeader header, std::span<const std::byte> times, std::span<const std::byte> rest);

class Compressor {
public:
    Compressor();
    // Compresses the bytes into one zstd frame, valid until the next call. None if the frame would not be smaller.
    std::optional<std::span<const std::byte>> compress(std::span<const std::byte> bytes);

private:
    struct Free {
        void operator()(ZSTD_CCtx_s* context) const;
    };
    std::unique_ptr<ZSTD_CCtx_s, Free> context_;
    std::vector<std::byte> frame_;
};

class Decompressor {
public:
    Decompressor();
    // Returns false unless the frame holds exactly `out.size()` bytes.
    bool decompress(std::span<const std::byte> frame, std::span<std::byte> out);

private:
    struct Free {
        void operator()(ZSTD_DCtx_s* context) const;
    };
    std::unique_ptr<ZSTD_DCtx_s, Free> context_;
};

// Replaces invalid UTF-8 in strings: a command's arguments can be any bytes.
std::string dump_json(const nlohmann::json& json);

// Returns a discarded value (json::is_discarded()) if the bytes are no JSON, or JSON that is larger or deeper than in
// any chunk.
nlohmann::json parse_json(std::span<const std::byte> bytes);

using RecordSize = std::uint16_t; // before each record of an events chunk

// The time of a record; none if the record is too short to have one.
std::optional<std::uint64_t> record_time(std::span<const std::byte> record);

// Appends the record's size and its bytes.
void append_record(std::vector<std::byte>& payload, std::span<const std::byte> record);

// The record whose size is at `stored`. The payload must hold the whole record.
inline std::span<const std::byte> record_at(const std::byte* stored) {
    RecordSize size = 0;
    std::memcpy(&size, stored, sizeof size);
    return {stored + sizeof size, size};
}

// Calls each(record) for every record of an unpacked payload. Returns false if the payload ends within a record.
template <typename Each>
bool for_each_record(std::span<const std::byte> payload, Each&& each) {
    while (!payload.empty()) {
        RecordSize size = 0;
        if (payload.size() < sizeof size)
            return false;
        std::memcpy(&size, payload.data(), sizeof size);
        payload = payload.subspan(sizeof size);
        if (payload.size() < size)
            return false;
        each(payload.first(size));
        payload = payload.subspan(size);
    }
    return true;
}

} // namespace rcuscope
