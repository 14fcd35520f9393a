// SPDX-License-Identifier: BSD-2-Clause
//
// What the writer and the reader share about a chunk's payload.
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

// The checksum that a chunk's header must hold; what it holds now does not matter.
std::uint64_t chunk_checksum(ChunkHeader header, std::span<const std::byte> stored);
// The same of a payload in two parts.
std::uint64_t chunk_checksum(ChunkHeader header, std::span<const std::byte> times, std::span<const std::byte> rest);

class Compressor {
public:
    Compressor();
    // The bytes as one zstd frame, valid until the next call. Nothing if that is not smaller.
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
    // False unless the frame holds exactly `out.size()` bytes.
    bool decompress(std::span<const std::byte> frame, std::span<std::byte> out);

private:
    struct Free {
        void operator()(ZSTD_DCtx_s* context) const;
    };
    std::unique_ptr<ZSTD_DCtx_s, Free> context_;
};

// Strings need not be UTF-8 (a command's arguments): what is not is replaced.
std::string dump_json(const nlohmann::json& json);

// A discarded value (json::is_discarded()) if the bytes are no JSON, or more or deeper than a chunk ever has.
nlohmann::json parse_json(std::span<const std::byte> bytes);

using RecordSize = std::uint16_t; // before each record of an events chunk

// The time of a wire record; nothing if it is too short to have one.
std::optional<std::uint64_t> record_time(std::span<const std::byte> record);

// Puts a record at the end of an events chunk: its size, then its bytes.
void append_record(std::vector<std::byte>& payload, std::span<const std::byte> record);

// A record of an events chunk that is known to hold it, by where its size stands.
inline std::span<const std::byte> record_at(const std::byte* stored) {
    RecordSize size = 0;
    std::memcpy(&size, stored, sizeof size);
    return {stored + sizeof size, size};
}

// Calls each(record) for the records of an events chunk. False if the last one
// does not end with the payload.
template <typename Each>
bool for_each_record(std::span<const std::byte> payload, Each&& each) {
    while (!payload.empty()) {
        RecordSize size = 0;
        if (payload.size() < sizeof size) {
            return false;
        }
        std::memcpy(&size, payload.data(), sizeof size);
        payload = payload.subspan(sizeof size);
        if (payload.size() < size) {
            return false;
        }
        each(payload.first(size));
        payload = payload.subspan(size);
    }
    return true;
}

} // namespace rcuscope
