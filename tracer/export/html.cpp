// SPDX-License-Identifier: BSD-2-Clause
//
// Writes the page (viz/) with the timeline's JSON embedded: compressed with gzip, since a recording compresses well,
// and as base64, which cannot contain the end tag of the <script> element.
#include <array>
#include <openssl/evp.h>
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

// Compresses what is written to it, as a gzip file, and writes that as base64.
class GzipBuffer : public std::streambuf {
public:
    explicit GzipBuffer(std::ostream& out) : out_(out) {
        constexpr int gzip = 16;
        // Level 4: compresses a million callbacks in seconds; the result is only slightly larger than with level 9.
        if (deflateInit2(&stream_, 4, Z_DEFLATED, gzip + MAX_WBITS, 8, Z_DEFAULT_STRATEGY) != Z_OK)
            throw std::runtime_error("zlib has no memory");
        empty_packed();
        setp(in_.data(), in_.data() + in_.size());
    }
    GzipBuffer(const GzipBuffer&) = delete;
    GzipBuffer& operator=(const GzipBuffer&) = delete;
    ~GzipBuffer() override { deflateEnd(&stream_); }

    void finish() {
        compress(Z_FINISH);
        write_packed();
    }

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
        while (deflate(&stream_, flush), stream_.avail_out == 0)
            write_packed();
        setp(in_.data(), in_.data() + in_.size());
    }
    void write_packed() {
        const std::size_t size = packed_.size() - stream_.avail_out;
        const int length = EVP_EncodeBlock(text_.data(), packed_.data(), static_cast<int>(size));
        out_.write(reinterpret_cast<const char*>(text_.data()), length);
        empty_packed();
    }
    void empty_packed() {
        stream_.next_out = packed_.data();
        stream_.avail_out = packed_size;
    }

    static constexpr unsigned packed_size = 3 << 14; // a multiple of 3, so that only the end of the text has padding

    std::ostream& out_;
    std::array<char, 1 << 16> in_{};
    std::array<unsigned char, packed_size> packed_{};
    std::array<unsigned char, packed_size / 3 * 4 + 1> text_{}; // EVP_EncodeBlock() appends a NUL
    z_stream stream_{};
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
    GzipBuffer gzip(out);
    std::ostream json(&gzip);
    write_json(timeline, analysis, options, json);
    gzip.finish();
    out << "</script>" << page().substr(at + recording_place.size());
}

} // namespace rcuscope
