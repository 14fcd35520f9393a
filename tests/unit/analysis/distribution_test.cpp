// SPDX-License-Identifier: BSD-2-Clause
#include <gtest/gtest.h>

#include <limits>
#include <numeric>

#include "analysis/distribution.hpp"

namespace rcuscope::test {
namespace {

TEST(Distribution, OfNothingIsZero) {
    const Distribution none;
    EXPECT_EQ(none.count(), 0U);
    EXPECT_EQ(none.min(), 0);
    EXPECT_EQ(none.max(), 0);
    EXPECT_EQ(none.mean(), 0);
    EXPECT_EQ(none.percentile(50), 0);
}

TEST(Distribution, OfOneIsThatOne) {
    const Distribution one({42});
    EXPECT_EQ(one.min(), 42);
    EXPECT_EQ(one.percentile(0), 42);
    EXPECT_EQ(one.percentile(50), 42);
    EXPECT_EQ(one.percentile(100), 42);
}

TEST(Distribution, PercentilesAreNearestRanks) {
    const Distribution five({50, 15, 40, 20, 35});
    EXPECT_EQ(five.count(), 5U);
    EXPECT_EQ(five.min(), 15);
    EXPECT_EQ(five.max(), 50);
    EXPECT_DOUBLE_EQ(five.mean(), 32);
    EXPECT_EQ(five.percentile(5), 15);
    EXPECT_EQ(five.percentile(20), 15);
    EXPECT_EQ(five.percentile(20.1), 20);
    EXPECT_EQ(five.percentile(40), 20);
    EXPECT_EQ(five.percentile(50), 35);
    EXPECT_EQ(five.percentile(100), 50);
    EXPECT_EQ(five.percentile(-1), 15);
    EXPECT_EQ(five.percentile(400), 50);
}

TEST(Distribution, EveryPercentOfAHundredIsItsOwnRank) {
    std::vector<Nanoseconds> hundred(100);
    std::iota(hundred.begin(), hundred.end(), 1);
    const Distribution distribution(hundred);
    for (int percent = 1; percent <= 100; percent++) {
        EXPECT_EQ(distribution.percentile(percent), percent);
    }
}

TEST(Distribution, ItsSumMayBeLargerThanATime) {
    constexpr Nanoseconds greatest = std::numeric_limits<Nanoseconds>::max();
    EXPECT_DOUBLE_EQ(Distribution({greatest, greatest}).mean(), static_cast<double>(greatest));
}

} // namespace
} // namespace rcuscope::test
