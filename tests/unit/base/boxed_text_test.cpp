// SPDX-License-Identifier: BSD-2-Clause
//
// Tests BoxedText, a text that is mostly empty and has the size of a pointer.
#include "base/boxed_text.hpp"

#include <gtest/gtest.h>
#include <string>
#include <utility>

namespace rcuscope {
namespace {

TEST(BoxedText, IsTheTextThatItWasGiven) {
    EXPECT_EQ(BoxedText(), "");
    EXPECT_EQ(BoxedText(""), "");
    EXPECT_EQ(BoxedText(std::string("a\0b", 3)).str(), std::string("a\0b", 3));
}

TEST(BoxedText, IsCopiedAndMovedAsATextIs) {
    BoxedText text = "rcucmap";
    const BoxedText copy = text;
    text = "other";
    EXPECT_EQ(copy, "rcucmap");
    EXPECT_EQ(text, "other");
    const BoxedText moved = std::move(text);
    EXPECT_EQ(moved, "other");
    text = copy;
    EXPECT_EQ(text, "rcucmap");
    text = BoxedText();
    EXPECT_EQ(text, "");
}

} // namespace
} // namespace rcuscope
