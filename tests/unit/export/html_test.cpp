// SPDX-License-Identifier: BSD-2-Clause
//
// The page contains the JSON timeline, byte by byte, and no text can break out of it. The tests of the page itself
// are in viz/.
#include <gtest/gtest.h>
#include <random>
#include <sstream>
#include <zlib.h>

#include "export/exporter.hpp"
#include "rich_timeline.hpp"

namespace rcuscope {
namespace {

std::string unpacked_base64(const std::string& text) {
    const std::string alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string bytes;
    unsigned bits = 0;
    unsigned held = 0;
    for (const char c : text) {
        if (c == '=')
            break;
        const std::size_t value = alphabet.find(c);
        if (value == std::string::npos)
            throw std::runtime_error("not base64");
        bits = bits << 6U | static_cast<unsigned>(value);
        held += 6;
        if (held >= 8) {
            held -= 8;
            bytes += static_cast<char>(bits >> held & 0xffU);
        }
    }
    return bytes;
}

std::string unpacked_gzip(std::string packed) {
    z_stream stream{};
    inflateInit2(&stream, 16 + MAX_WBITS);
    stream.next_in = reinterpret_cast<Bytef*>(packed.data());
    stream.avail_in = static_cast<uInt>(packed.size());
    std::string bytes;
    int status = Z_OK;
    while (status == Z_OK) {
        std::array<char, 4096> part{};
        stream.next_out = reinterpret_cast<Bytef*>(part.data());
        stream.avail_out = part.size();
        status = inflate(&stream, Z_NO_FLUSH);
        bytes.append(part.data(), part.size() - stream.avail_out);
    }
    inflateEnd(&stream);
    return status == Z_STREAM_END ? bytes : "broken";
}

void expect_holds_json(const test::Analysed& timeline) {
    std::ostringstream json;
    std::ostringstream html;
    write_json(timeline, timeline.found, {}, json);
    write_html(timeline, timeline.found, {}, html);
    const std::string page = html.str();
    const std::string opening = R"(<script id="recording" type="application/gzip">)";
    const std::size_t begin = page.find(opening);
    ASSERT_NE(begin, std::string::npos);
    const std::size_t from = begin + opening.size();
    EXPECT_TRUE(unpacked_gzip(unpacked_base64(page.substr(from, page.find("</script>", from) - from))) == json.str());
    EXPECT_EQ(page.find("alert(1)"), std::string::npos);
}

TEST(Html, HoldsTheJsonTimeline) {
    if (const auto can = html_can_be_written(); !can) {
        EXPECT_EQ(can.error().code, ExitCode::cannot_here);
        EXPECT_NE(can.error().hint.find("npm"), std::string::npos);
        EXPECT_FALSE(format_for_file("x.html"));
        GTEST_SKIP() << "built without the page";
    }
    // Lengths with all three endings of base64.
    for (const std::size_t hazards : {0U, 1U, 2U, 3U, 4U, 5U}) {
        test::Analysed timeline = test::rich_timeline();
        timeline.found.hazards.resize(std::min(timeline.found.hazards.size(), hazards));
        timeline.host.kernel = std::string(hazards * 7, 'k') + "</script><script>alert(1)</script>";
        expect_holds_json(timeline);
    }
}

// The page is made of blocks.
TEST(Html, HoldsAJsonTimelineOfManyBlocks) {
    if (!html_can_be_written())
        GTEST_SKIP() << "built without the page";
    std::mt19937 random(1);
    test::Analysed timeline = test::rich_timeline();
    for (const std::size_t size : {60'000U, 500'000U}) {
        timeline.host.kernel.clear();
        while (timeline.host.kernel.size() < size) // cannot be compressed to much less
            timeline.host.kernel += static_cast<char>('a' + random() % 26);
        expect_holds_json(timeline);
    }
}

TEST(Html, IsAPageOfItsOwn) {
    if (!html_can_be_written())
        GTEST_SKIP() << "built without the page";
    std::ostringstream html;
    write_html({}, {}, {}, html);
    EXPECT_EQ(html.str().find("src="), std::string::npos);
    EXPECT_NE(html.str().find("default-src 'none'"), std::string::npos);
    EXPECT_EQ((*format_for_file("run.html"))->name, "html");
}

} // namespace
} // namespace rcuscope
