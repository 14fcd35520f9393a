// SPDX-License-Identifier: BSD-2-Clause
//
// Tests SharedText, an interned text of a string pool.
#include "base/shared_text.hpp"

#include <gtest/gtest.h>
#include <string>
#include <unordered_set>

#include "base/seldom.hpp"

namespace rcuscope {
namespace {

TEST(SharedText, IsTheTextThatItWasMadeOf) {
    const SharedText text = "node_free";
    EXPECT_EQ(text, "node_free");
    EXPECT_EQ(text.str(), "node_free");
    EXPECT_EQ(text, SharedText(std::string("node_free")));
    EXPECT_NE(text, SharedText("node_fre"));
    EXPECT_EQ(text.size(), 9U);
    EXPECT_TRUE(text.starts_with("node_"));
    EXPECT_EQ("in " + text, "in node_free");
    EXPECT_EQ(text + ":x", "node_free:x");
}

TEST(SharedText, NoTextIsEmpty) {
    EXPECT_TRUE(SharedText().empty());
    EXPECT_EQ(SharedText(""), SharedText());
    EXPECT_FALSE(SharedText(" ").empty());
}

TEST(SharedText, IsOrderedByWhatItSays) {
    const SharedText later = "zz";
    const SharedText earlier = "aa"; // created later
    EXPECT_LT(earlier, later);
    EXPECT_EQ(std::unordered_set<SharedText>({later, earlier, later}).size(), 2U);
}

TEST(SharedText, TextsKeepTheirPlaceWhileMoreCome) {
    const SharedText first = "the first one, which is too long to lie within its string";
    const std::string& kept = first.str();
    for (int i = 0; i < 10'000; i++) {
        EXPECT_EQ(SharedText("text " + std::to_string(i)), "text " + std::to_string(i));
    }
    EXPECT_EQ(&kept, &first.str());
}

TEST(Seldom, IsAListOnceThereIsSomething) {
    Seldom<int> none;
    EXPECT_TRUE(none.empty());
    EXPECT_EQ(none.begin(), none.end());
    Seldom<int> some{1, 2};
    some.push_back(3);
    some.back()++;
    EXPECT_EQ(some.size(), 3U);
    EXPECT_EQ(some[2], 4);
    EXPECT_EQ(*some.begin(), 1);
}

} // namespace
} // namespace rcuscope
