// SPDX-License-Identifier: BSD-2-Clause
#include "kernel/unpack.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <lzma.h>
#include <memory>
#include <span>
#include <string_view>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "base/error.hpp"

namespace rcuscope {

namespace {

using Bytes = std::span<const unsigned char>;

constexpr std::uint64_t always_allowed = 16U << 20;
// Memory that a decoder may use: the dictionary of xz -9 has 64 MiB, the window of zstd --long 128 MiB.
constexpr std::uint64_t max_for_decoder = 128U << 20;
constexpr int max_zstd_window = 27; // as a power of 2

// Each format has a decoder. Its step() consumes bytes of `in`, writes to `out`, and reports the end of the data.
struct Step {
    std::size_t taken = 0;
    std::size_t made = 0;
    bool finished = false;
    bool damaged = false;
};

class XzDecoder {
public:
    XzDecoder() { ready_ = lzma_stream_decoder(&stream_, max_for_decoder, LZMA_CONCATENATED) == LZMA_OK; }
    XzDecoder(const XzDecoder&) = delete;
    XzDecoder& operator=(const XzDecoder&) = delete;
    ~XzDecoder() { lzma_end(&stream_); }

    Step step(Bytes in, std::span<unsigned char> out, bool last) {
        stream_.next_in = in.data();
        stream_.avail_in = in.size();
        stream_.next_out = out.data();
        stream_.avail_out = out.size();
        const lzma_ret result = ready_ ? lzma_code(&stream_, last ? LZMA_FINISH : LZMA_RUN) : LZMA_MEM_ERROR;
        return {in.size() - stream_.avail_in, out.size() - stream_.avail_out, result == LZMA_STREAM_END,
                result != LZMA_OK && result != LZMA_STREAM_END};
    }

private:
    lzma_stream stream_ = LZMA_STREAM_INIT;
    bool ready_ = false;
};

class GzipDecoder {
public:
    GzipDecoder() { ready_ = inflateInit2(&stream_, MAX_WBITS + 16) == Z_OK; }
    GzipDecoder(const GzipDecoder&) = delete;
    GzipDecoder& operator=(const GzipDecoder&) = delete;
    ~GzipDecoder() {
        if (ready_)
            inflateEnd(&stream_);
    }

    Step step(Bytes in, std::span<unsigned char> out, bool /*last*/) {
        stream_.next_in = const_cast<unsigned char*>(in.data()); // zlib's type lacks const; it only reads
        stream_.avail_in = static_cast<uInt>(in.size());
        stream_.next_out = out.data();
        stream_.avail_out = static_cast<uInt>(out.size());
        const int result = ready_ ? inflate(&stream_, Z_NO_FLUSH) : Z_MEM_ERROR;
        return {in.size() - stream_.avail_in, out.size() - stream_.avail_out, result == Z_STREAM_END,
                result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR};
    }

private:
    z_stream stream_{};
    bool ready_ = false;
};

class ZstdDecoder {
public:
    ZstdDecoder() : context_(ZSTD_createDCtx()) {
        if (context_)
            ZSTD_DCtx_setParameter(context_.get(), ZSTD_d_windowLogMax, max_zstd_window);
    }

    Step step(Bytes in, std::span<unsigned char> out, bool last) {
        ZSTD_inBuffer from{in.data(), in.size(), 0};
        ZSTD_outBuffer to{out.data(), out.size(), 0};
        const std::size_t left = context_ ? ZSTD_decompressStream(context_.get(), &to, &from) : std::size_t(-1);
        return {from.pos, to.pos, left == 0 && last && from.pos == from.size, !context_ || ZSTD_isError(left) != 0};
    }

private:
    struct Closer {
        void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
    };
    std::unique_ptr<ZSTD_DCtx, Closer> context_;
};

// Reads until `room` is full or the file ends. Returns false with errno if read() fails.
bool fill(int fd, std::span<unsigned char> room, std::size_t& have) {
    while (have < room.size()) {
        const ssize_t got = ::read(fd, room.data() + have, room.size() - have);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return false;
        if (got == 0)
            break;
        have += static_cast<std::size_t>(got);
    }
    return true;
}

template <typename Decoder>
tl::expected<std::optional<std::string>, std::string> unpack_with(int fd, std::string_view format) {
    Decoder decoder;
    std::string content;
    std::array<unsigned char, 65536> in;
    std::array<unsigned char, 65536> out;
    std::uint64_t packed = 0;
    for (bool last = false;;) {
        std::size_t have = 0;
        if (!fill(fd, in, have))
            return tl::unexpected("it cannot be read: " + errno_text(errno));
        last = have < in.size();
        packed += have;
        Bytes rest = Bytes(in).first(have);
        for (;;) {
            const Step step = decoder.step(rest, out, last);
            rest = rest.subspan(step.taken);
            if (step.damaged)
                return tl::unexpected("it is damaged, or is not " + std::string(format) +
                                      " data that unpacks within 128 MiB of memory");
            content.append(reinterpret_cast<const char*>(out.data()), step.made);
            if (content.size() > std::max(always_allowed, packed * max_unpacked_times))
                return tl::unexpected("it unpacks to more than " + std::to_string(max_unpacked_times) +
                                      " times its size, which no module does");
            if (step.finished)
                return content;
            if (step.made < out.size() && (rest.empty() || (step.taken == 0 && step.made == 0)))
                break;
        }
        if (last)
            return tl::unexpected("it is cut off: the " + std::string(format) + " data is incomplete");
    }
}

bool begins_with(Bytes bytes, std::initializer_list<unsigned char> magic) {
    return bytes.size() >= magic.size() && std::equal(magic.begin(), magic.end(), bytes.begin());
}

} // namespace

tl::expected<std::optional<std::string>, std::string> unpack(int fd) {
    std::array<unsigned char, 6> head{};
    const ssize_t got = ::pread(fd, head.data(), head.size(), 0);
    const Bytes bytes = Bytes(head).first(got > 0 ? static_cast<std::size_t>(got) : 0);
    if (begins_with(bytes, {0xfd, '7', 'z', 'X', 'Z', 0}))
        return unpack_with<XzDecoder>(fd, "xz");
    if (begins_with(bytes, {0x28, 0xb5, 0x2f, 0xfd}))
        return unpack_with<ZstdDecoder>(fd, "zstd");
    if (begins_with(bytes, {0x1f, 0x8b}))
        return unpack_with<GzipDecoder>(fd, "gzip");
    return std::optional<std::string>();
}

} // namespace rcuscope
