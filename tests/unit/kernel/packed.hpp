// SPDX-License-Identifier: BSD-2-Clause
//
// Compresses files in the formats of compressed modules.
#pragma once

#include <cstdint>
#include <lzma.h>
#include <string>
#include <zlib.h>
#include <zstd.h>

namespace rcuscope::test {

inline std::string packed_xz(const std::string& content) {
    std::string packed(lzma_stream_buffer_bound(content.size()), '\0');
    std::size_t size = 0;
    const auto* from = reinterpret_cast<const std::uint8_t*>(content.data());
    auto* to = reinterpret_cast<std::uint8_t*>(packed.data());
    if (lzma_easy_buffer_encode(6, LZMA_CHECK_CRC32, nullptr, from, content.size(), to, &size, packed.size()) !=
        LZMA_OK)
        return {};
    packed.resize(size);
    return packed;
}

inline std::string packed_zst(const std::string& content) {
    std::string packed(ZSTD_compressBound(content.size()), '\0');
    packed.resize(ZSTD_compress(packed.data(), packed.size(), content.data(), content.size(), 3));
    return packed;
}

inline std::string packed_gz(std::string content) {
    z_stream stream{};
    deflateInit2(&stream, 6, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY);
    std::string packed(deflateBound(&stream, content.size()), '\0');
    stream.next_in = reinterpret_cast<Bytef*>(content.data());
    stream.avail_in = static_cast<uInt>(content.size());
    stream.next_out = reinterpret_cast<Bytef*>(packed.data());
    stream.avail_out = static_cast<uInt>(packed.size());
    deflate(&stream, Z_FINISH);
    packed.resize(stream.total_out);
    deflateEnd(&stream);
    return packed;
}

} // namespace rcuscope::test
