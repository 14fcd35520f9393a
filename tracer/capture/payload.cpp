// SPDX-License-Identifier: BSD-2-Clause
#include "capture/payload.hpp"

#include <nlohmann/json.hpp>
#define XXH_INLINE_ALL // allows the state to be on the stack
#include <xxhash.h>
#include <zstd.h>

#include "base/json_shape.hpp"
#include "base/json_text.hpp"
#include "wire.h"

namespace rcuscope {

std::uint64_t chunk_checksum(ChunkHeader header, std::span<const std::byte> stored) {
    return chunk_checksum(header, {}, stored);
}

std::uint64_t chunk_checksum(ChunkHeader header, std::span<const std::byte> times, std::span<const std::byte> rest) {
    header.checksum = 0;
    XXH3_state_t state;
    XXH3_INITSTATE(&state); // XXH3_64bits_reset() reads a member that it does not set
    XXH3_64bits_reset(&state);
    XXH3_64bits_update(&state, &header, sizeof header);
    XXH3_64bits_update(&state, times.data(), times.size());
    XXH3_64bits_update(&state, rest.data(), rest.size());
    return XXH3_64bits_digest(&state);
}

void Compressor::Free::operator()(ZSTD_CCtx_s* context) const {
    ZSTD_freeCCtx(context);
}

Compressor::Compressor() : context_(ZSTD_createCCtx()) {}

std::optional<std::span<const std::byte>> Compressor::compress(std::span<const std::byte> bytes) {
    // Fast enough to keep up with the drain of a busy machine; higher levels gain little on records.
    constexpr int level = 3;
    if (!context_ || bytes.size() < 2)
        return std::nullopt;
    // The buffer has no room for a frame that is not smaller: zstd fails in that case.
    frame_.resize(bytes.size() - 1);
    const std::size_t size =
        ZSTD_compressCCtx(context_.get(), frame_.data(), frame_.size(), bytes.data(), bytes.size(), level);
    if (ZSTD_isError(size) != 0)
        return std::nullopt;
    return std::span<const std::byte>(frame_).first(size);
}

void Decompressor::Free::operator()(ZSTD_DCtx_s* context) const {
    ZSTD_freeDCtx(context);
}

Decompressor::Decompressor() : context_(ZSTD_createDCtx()) {}

bool Decompressor::decompress(std::span<const std::byte> frame, std::span<std::byte> out) {
    if (!context_)
        return false;
    const std::size_t size = ZSTD_decompressDCtx(context_.get(), out.data(), out.size(), frame.data(), frame.size());
    return ZSTD_isError(size) == 0 && size == out.size();
}

std::string dump_json(const nlohmann::json& json) {
    return JsonText(json).text();
}

nlohmann::json parse_json(std::span<const std::byte> bytes) {
    std::string text(bytes.size(), '\0');
    if (!bytes.empty())
        std::memcpy(text.data(), bytes.data(), bytes.size());
    return JsonShape(text).is_json() ? nlohmann::json::parse(text, nullptr, false)
                                     : nlohmann::json(nlohmann::json::value_t::discarded);
}

void append_record(std::vector<std::byte>& payload, std::span<const std::byte> record) {
    const auto size = static_cast<RecordSize>(record.size());
    const auto prefix = std::as_bytes(std::span(&size, 1));
    payload.insert(payload.end(), prefix.begin(), prefix.end());
    payload.insert(payload.end(), record.begin(), record.end());
}

std::optional<std::uint64_t> record_time(std::span<const std::byte> record) {
    rs_header header;
    if (record.size() < sizeof header)
        return std::nullopt;
    std::memcpy(&header, record.data(), sizeof header);
    return header.ns;
}

} // namespace rcuscope
