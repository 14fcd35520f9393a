// SPDX-License-Identifier: BSD-2-Clause
//
// Writes the page (viz/) with the timeline's JSON embedded: compressed with gzip, since a recording compresses well,
// and as base64, which cannot contain the end tag of the <script> element.
#include <array>
#include <cstdint>
#include <ostream>
#include <stdexcept>
#include <streambuf>
#include <string>
#include <string_view>
#include <zlib.h>

#include "export/exporter.hpp"

// html_page.S
extern "C" const char rcuscope_page_begin[];
extern "C" const char rcuscope_page_end[];

namespace rcuscope {
namespace {

constexpr std::string_view recording_place = "<!--recording-->";

std::string_view page() {
    return {rcuscope_page_begin, static_cast<std::size_t>(rcuscope_page_end - rcuscope_page_begin)};
}

class Base64 {
public:
    explicit Base64(std::ostream& out) : out_(out) {}

    void write(std::string_view bytes) {
        for (const char byte : bytes) {
            group_ = group_ << 8U | static_cast<unsigned char>(byte);
            if (++held_ == 3)
                put(4);
        }
    }
    void finish() {
        const unsigned characters = held_ == 0 ? 0 : held_ + 1;
        group_ <<= 8 * (3 - held_);
        put(characters);
        for (unsigned i = characters; i != 0 && i < 4; ++i)
            out_.put('=');
    }

private:
    void put(unsigned characters) {
        constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        for (unsigned i = 0; i < characters; ++i)
            out_.put(alphabet[(group_ >> (18 - 6 * i)) & 0x3fU]);
        group_ = 0;
        held_ = 0;
    }

    std::ostream& out_;
    std::uint32_t group_ = 0;
    unsigned held_ = 0;
};

// Compresses what is written to it, as a gzip file.
class GzipBuffer : public std::streambuf {
public:
    explicit GzipBuffer(Base64& out) : out_(out) {
        constexpr int gzip = 16;
        // Level 4: compresses a million callbacks in seconds; the result is only slightly larger than with level 9.
        if (deflateInit2(&stream_, 4, Z_DEFLATED, gzip + MAX_WBITS, 8, Z_DEFAULT_STRATEGY) != Z_OK)
            throw std::runtime_error("zlib has no memory");
        setp(in_.data(), in_.data() + in_.size());
    }
    GzipBuffer(const GzipBuffer&) = delete;
    GzipBuffer& operator=(const GzipBuffer&) = delete;
    ~GzipBuffer() override { deflateEnd(&stream_); }

    void finish() { compress(Z_FINISH); }

protected:
    int_type overflow(int_type c) override {
        compress(Z_NO_FLUSH);
        if (!traits_type::eq_int_type(c, traits_type::eof()))
            sputc(traits_type::to_char_type(c));
        return traits_type::not_eof(c);
    }

private:
    void compress(int flush) {
        stream_.next_in = reinterpret_cast<Bytef*>(pbase());
        stream_.avail_in = static_cast<uInt>(pptr() - pbase());
        do {
            stream_.next_out = reinterpret_cast<Bytef*>(packed_.data());
            stream_.avail_out = static_cast<uInt>(packed_.size());
            deflate(&stream_, flush);
            out_.write({packed_.data(), packed_.size() - stream_.avail_out});
        } while (stream_.avail_out == 0);
        setp(in_.data(), in_.data() + in_.size());
    }

    Base64& out_;
    z_stream stream_{};
    std::array<char, 1 << 16> in_{};
    std::array<char, 1 << 16> packed_{};
};

} // namespace

Status html_can_be_written() {
    if (page().find(recording_place) != std::string_view::npos)
        return {};
    return fail(
        ExitCode::cannot_here, "cannot write a page",
        "this rcuscope was built without the page, because npm was missing or could not fetch the page's packages",
        "install npm (Debian: nodejs npm) and build again; -o FILE.pftrace and -o FILE.json need no page");
}

void write_html(const Timeline& timeline, const Analysis& analysis, const ExportOptions& options, std::ostream& out) {
    const std::size_t at = page().find(recording_place);
    out << page().substr(0, at) << R"(<script id="recording" type="application/gzip">)";
    Base64 base64(out);
    GzipBuffer gzip(base64);
    std::ostream json(&gzip);
    write_json(timeline, analysis, options, json);
    gzip.finish();
    base64.finish();
    out << "</script>" << page().substr(at + recording_place.size());
}

} // namespace rcuscope
