// SPDX-License-Identifier: BSD-2-Clause
//
// Tests PooledString, an interned text of a string pool.
#include "base/pooled_string.hpp"

#include <gtest/gtest.h>
#include <string>
#include <unordered_set>

#include "base/rare_list.hpp"

namespace rcuscope {
namespace {

TEST(PooledString, IsTheTextThatItWasMadeOf) {
    const PooledString text = "node_free";
    EXPECT_EQ(text, "node_free");
    EXPECT_EQ(text.str(), "node_free");
    EXPECT_EQ(text, PooledString(std::string("node_free")));
    EXPECT_NE(text, PooledString("node_fre"));
    EXPECT_EQ(text.size(), 9U);
    EXPECT_TRUE(text.starts_with("node_"));
    EXPECT_EQ("in " + text, "in node_free");
    EXPECT_EQ(text + ":x", "node_free:x");
}

TEST(PooledString, NoTextIsEmpty) {
    EXPECT_TRUE(PooledString().empty());
    EXPECT_EQ(PooledString(""), PooledString());
    EXPECT_FALSE(PooledString(" ").empty());
}

TEST(PooledString, IsOrderedByWhatItSays) {
    const PooledString later = "zz";
    const PooledString earlier = "aa"; // created later
    EXPECT_LT(earlier, later);
    EXPECT_EQ(std::unordered_set<PooledString>({later, earlier, later}).size(), 2U);
}

TEST(PooledString, TextsKeepTheirPlaceWhileMoreCome) {
    const PooledString first = "the first one, which is too long to lie within its string";
    const std::string& kept = first.str();
    for (int i = 0; i < 10'000; i++)
        EXPECT_EQ(PooledString("text " + std::to_string(i)), "text " + std::to_string(i));
    EXPECT_EQ(&kept, &first.str());
}

TEST(RareList, IsAListOnceThereIsSomething) {
    RareList<int> none;
    EXPECT_TRUE(none.empty());
    EXPECT_EQ(none.begin(), none.end());
    RareList<int> some{1, 2};
    some.push_back(3);
    some.back()++;
    EXPECT_EQ(some.size(), 3U);
    EXPECT_EQ(some[2], 4);
    EXPECT_EQ(*some.begin(), 1);
}

} // namespace
} // namespace rcuscope
