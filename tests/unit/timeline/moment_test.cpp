// SPDX-License-Identifier: BSD-2-Clause
//
// Tests the conversion of raw times to the model's times.
#include "timeline/moment.hpp"

#include <array>
#include <gtest/gtest.h>
#include <limits>

namespace rcuscope {
namespace {

constexpr std::uint64_t last = std::numeric_limits<std::uint64_t>::max();

TEST(RelativeTime, IsNegativeBeforeTheStart) {
    EXPECT_EQ(relative_time(1000, 1000), 0);
    EXPECT_EQ(relative_time(1017, 1000), 17);
    EXPECT_EQ(relative_time(983, 1000), -17);
}

TEST(RelativeTime, OfWhatNoClockSaysIsTheFarthestThereIs) {
    EXPECT_EQ(relative_time(last, 0), farthest_time);
    EXPECT_EQ(relative_time(std::uint64_t{1} << 63, 0), farthest_time);
    EXPECT_EQ(relative_time(0, last), -farthest_time);
    EXPECT_EQ(elapsed(relative_time(0, last), relative_time(last, 0)), 2 * farthest_time)
        << "what is between any two times is a time";
}

// Raw times in ascending order stay in that order.
TEST(RelativeTime, KeepsTheOrder) {
    constexpr std::uint64_t start = 5'000'000'000;
    constexpr std::array<std::uint64_t, 8> rising{
        0, 1, start - 1, start, start + 1, std::uint64_t{1} << 63, start + (std::uint64_t{1} << 63), last};
    for (std::size_t i = 1; i < rising.size(); i++)
        EXPECT_LE(relative_time(rising[i - 1], start), relative_time(rising[i], start)) << i;
}

} // namespace
} // namespace rcuscope
