// SPDX-License-Identifier: BSD-2-Clause
#include "base/text.hpp"

#include <gtest/gtest.h>

namespace rcuscope {
namespace {

using namespace std::string_view_literals;

// The text with every '?' a U+FFFD.
std::string marked(std::string_view pattern) {
    std::string text;
    for (const char c : pattern) {
        if (c == '?')
            text += "\xef\xbf\xbd";
        else
            text += c;
    }
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

} // namespace
} // namespace rcuscope
