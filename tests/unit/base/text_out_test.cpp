// SPDX-License-Identifier: BSD-2-Clause
#include "base/text_out.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/markup.hpp"

namespace rcuscope {
namespace {

using namespace std::string_view_literals;

TEST(TextOut, ALiteralIsWrittenAndAnyOtherTextIsShown) {
    std::ostringstream written;
    TextOut out(written);
    const std::string name = "a\x1b[2J\nb";
    const char* pointer = name.c_str();
    out << "\x1b[1m" << name << "\n" << std::string_view(name) << "\n" << pointer << "\n" << -3 << 4U << "\n";
    const std::string shown = "a\\u{1b}[2J\\u{a}b\n";
    EXPECT_EQ(written.str(), "\x1b[1m" + shown + shown + shown + "-34\n");
}

TEST(TextOut, PaintsWhatIsShown) {
    std::ostringstream written;
    TextOut out(written);
    out.painted("a\x1b[0m", "31").painted("b\n", "");
    EXPECT_EQ(written.str(), "\x1b[31ma\\u{1b}[0m\x1b[0mb\\u{a}");
}

TEST(TextOut, NoLineOfATextPassesForAnother) {
    std::ostringstream written;
    TextOut(written).lines("cannot read x\nrcuscope: all is well\n\x9b");
    EXPECT_EQ(written.str(), "cannot read x\n    rcuscope: all is well\n    \xef\xbf\xbd");
}

TEST(StandardError, IsWrittenAtOnce) {
    testing::internal::CaptureStderr();
    {
        StandardError out;
        out << "rcuscope: " << std::string("\x1b") << "\n";
        EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
        testing::internal::CaptureStderr();
    }
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "rcuscope: \\u{1b}\n");
}

// U+009B is CSI, U+202E reverses the direction of text.
TEST(JsonText, IsAsciiAndMeansTheSame) {
    const nlohmann::ordered_json value{"\xc2\x9b\xe2\x80\xae\x7f\xf0\x9f\x98\x80\"\n"};
    const std::string text = JsonText(value).text();
    EXPECT_EQ(text, R"(["\u009b\u202e\u007f\ud83d\ude00\"\n"])");
    EXPECT_EQ(nlohmann::ordered_json::parse(text), value);
    EXPECT_EQ(JsonText(nlohmann::json{"a\xff"}).text(), R"(["a\ufffd"])");
}

TEST(Markdown, FormatsNothing) {
    EXPECT_EQ(markdown_text("*a* `b` [c](d) <e> f|g ~h~ $i$ \\"),
              "\\*a\\* \\`b\\` \\[c\\](d) \\<e\\> f\\|g \\~h\\~ \\$i\\$ \\\\");
    EXPECT_EQ(markdown_text("_a_ b_c"), "\\_a\\_ b_c");
    EXPECT_EQ(markdown_text("&amp;\n\x1b"), "\\&amp;\\\\u{a}\\\\u{1b}");
}

TEST(Markdown, LinksNothing) {
    EXPECT_EQ(markdown_text("@name a@b.c"), "@&#8203;name a@&#8203;b.c");
    EXPECT_EQ(markdown_text("#12 !12 a#"), "\\#&#8203;12 !&#8203;12 a\\#");
    EXPECT_EQ(markdown_text("https://x wWw.x"), "https:&#8203;//x wWw&#8203;.x");
    EXPECT_EQ(markdown_text("GP 4: row w.x"), "GP 4: row w.x");
}

TEST(Markdown, BeginsNoList) {
    EXPECT_EQ(markdown_text("- a"), "\\- a");
    EXPECT_EQ(markdown_text("12. a"), "12\\. a");
    EXPECT_EQ(markdown_text("==="), "\\===");
    EXPECT_EQ(markdown_text("1.5 ms"), "1.5 ms");
    EXPECT_EQ(markdown_text("-5"), "-5");
}

TEST(Xml, HasCharactersOfXmlOnly) {
    EXPECT_EQ(xml_characters("<a b='c'>&"), "<a b='c'>&");
    EXPECT_EQ(xml_characters("\0\x1b\n\xff\xef\xbf\xbe\xef\xbf\xbfz"sv),
              "\\u{0}\\u{1b}\\u{a}\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdz");
}

} // namespace
} // namespace rcuscope
