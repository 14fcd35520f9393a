// SPDX-License-Identifier: BSD-2-Clause
#include "base/text.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <random>

#include "base/json_text.hpp"

namespace rcuscope {
namespace {

using namespace std::string_view_literals;

// The pattern with U+FFFD for each '?'.
std::string marked(std::string_view pattern) {
    std::string text;
    for (const char c : pattern)
        if (c == '?')
            text += "\xef\xbf\xbd";
        else
            text += c;
    return text;
}

TEST(ValidUtf8, LeavesTextAlone) {
    EXPECT_EQ(valid_utf8(""), "");
    EXPECT_EQ(valid_utf8("rcu_gp"), "rcu_gp");
    EXPECT_EQ(valid_utf8("\xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80"), "\xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80");
    EXPECT_EQ(valid_utf8("a\0\x01\x7f"sv), "a\0\x01\x7f"sv);
}

TEST(ValidUtf8, KeepsTheBordersOfTheRanges) {
    for (const char* text : {"\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80", "\xef\xbf\xbf",
                             "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"})
        EXPECT_EQ(valid_utf8(text), text);
}

TEST(ValidUtf8, ReplacesStrayBytes) {
    EXPECT_EQ(valid_utf8("a\x80z"), marked("a?z"));
    EXPECT_EQ(valid_utf8("\xff\xfe"), marked("??"));
    EXPECT_EQ(valid_utf8("\xf5\x80\x80\x80"), marked("????"));
}

TEST(ValidUtf8, ReplacesOverlongFormsAndSurrogates) {
    EXPECT_EQ(valid_utf8("\xc0\xaf"), marked("??"));
    EXPECT_EQ(valid_utf8("\xe0\x80\xaf"), marked("???"));
    EXPECT_EQ(valid_utf8("\xed\xa0\x80"), marked("???"));
    EXPECT_EQ(valid_utf8("\xf4\x90\x80\x80"), marked("????"));
}

TEST(ValidUtf8, ReplacesACutCharacterOnce) {
    EXPECT_EQ(valid_utf8("\xe2\x82"), marked("?"));
    EXPECT_EQ(valid_utf8("\xf0\x9f\x98x"), marked("?x"));
    EXPECT_EQ(valid_utf8("\xe2\x82\xe2\x82\xac"), marked("?\xe2\x82\xac"));
}

// A name looks the same in JSON, which nlohmann's serializer writes, and in other exports.
TEST(ValidUtf8, ReplacesWhatJsonReplaces) {
    constexpr std::string_view bytes = "a\x80\x8f\x90\x9f\xa0\xbf\xc0\xc1\xc2\xdf\xe0\xe1\xed\xef\xf0\xf1\xf4\xf5\xff";
    std::mt19937 random(1);
    for (int round = 0; round < 20000; ++round) {
        std::string text(random() % 8, '\0');
        for (char& byte : text)
            byte = bytes[random() % bytes.size()];
        EXPECT_EQ(JsonText(nlohmann::json(text)).text(), JsonText(nlohmann::json(valid_utf8(text))).text());
        EXPECT_EQ(nlohmann::json(valid_utf8(text)).dump(), "\"" + valid_utf8(text) + "\""); // throws if invalid
    }
}

TEST(Printable, ShowsWhatWouldSteerATerminal) {
    EXPECT_EQ(printable("\x1b[31mred\x1b[m"), "\\u{1b}[31mred\\u{1b}[m");
    EXPECT_EQ(printable("a\0\t\n\r\x7f"sv), "a\\u{0}\\u{9}\\u{a}\\u{d}\\u{7f}");
    EXPECT_EQ(printable("\xc2\x9b"), "\\u{9b}"); // CSI as one character
}

TEST(Printable, ShowsWhatWouldTurnTextAround) {
    EXPECT_EQ(printable("\xd8\x9c|\xe2\x80\x8f|\xe2\x80\xae|\xe2\x81\xa6"), "\\u{61c}|\\u{200f}|\\u{202e}|\\u{2066}");
}

TEST(Printable, LeavesOtherTextAlone) {
    EXPECT_EQ(printable(""), "");
    EXPECT_EQ(printable("kworker/0:1-\xc3\xa4\xf0\x9f\x98\x80\\"), "kworker/0:1-\xc3\xa4\xf0\x9f\x98\x80\\");
    EXPECT_EQ(printable("\xff\x9b"), marked("??"));
}

TEST(ShellWord, IsQuotedWhereItMustBe) {
    EXPECT_EQ(shell_word("out/run-1.rcu"), "out/run-1.rcu");
    EXPECT_EQ(shell_word("my run.rcu"), "'my run.rcu'");
    EXPECT_EQ(shell_word("it's;$(x)"), "'it'\\''s;$(x)'");
    EXPECT_EQ(shell_word(""), "''");
}

TEST(Hex, AsTheKernelWritesAddresses) {
    EXPECT_EQ(hex(0), "0x0");
    EXPECT_EQ(hex(0xffffffff81000000), "0xffffffff81000000");
}

} // namespace
} // namespace rcuscope
