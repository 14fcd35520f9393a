// SPDX-License-Identifier: BSD-2-Clause
//
// Tests the grouping of sentences that differ only in numbers and times.
#include "report/wording.hpp"

#include <gmock/gmock.h>

namespace rcuscope::test {
namespace {

TEST(ByWording, NumbersAndTimesDoNotCount) {
    const auto wordings =
        by_wording({"demo: 6 callbacks, all done 387 ms before its code was freed",
                    "demo: 6 callbacks, all done 1.2 s before its code was freed", "demo: nothing was queued",
                    "demo: 12 callbacks, all done 90 us before its code was freed"});
    ASSERT_EQ(wordings.size(), 2U);
    EXPECT_EQ(wordings[0].count, 3U);
    EXPECT_EQ(wordings[0].first, "demo: 6 callbacks, all done 387 ms before its code was freed");
    EXPECT_EQ(wordings[1].count, 1U);
    EXPECT_EQ(wordings[1].first, "demo: nothing was queued");
}

TEST(ByWording, NamesAndOffsetsDo) {
    EXPECT_EQ(by_wording({"queued in demo:put+0x37", "queued in demo:put+0x39"}).size(), 2U);
    EXPECT_EQ(by_wording({"task demo1", "task demo2"}).size(), 2U);
    EXPECT_EQ(by_wording({"demo:f.isra.0", "demo:f.isra.1"}).size(), 2U);
}

TEST(ByWording, AUnitIsAWord) {
    EXPECT_EQ(by_wording({"after 3 sections", "after 3 s"}).size(), 2U);
    EXPECT_EQ(by_wording({"after 3 s", "after 3"}).size(), 1U);
}

TEST(ByWording, EquallyFrequentOnesKeepTheirOrder) {
    const auto wordings = by_wording({"b", "a", "b", "a", ""});
    ASSERT_EQ(wordings.size(), 3U);
    EXPECT_EQ(wordings[0].first, "b");
    EXPECT_EQ(wordings[1].first, "a");
    EXPECT_EQ(wordings[2].first, "");
    EXPECT_TRUE(by_wording({}).empty());
}

} // namespace
} // namespace rcuscope::test
