// SPDX-License-Identifier: BSD-2-Clause
//
// Tests CompactOptional, an optional number that needs no extra space.
#include "base/compact_optional.hpp"

#include <cstdint>
#include <gtest/gtest.h>

namespace rcuscope {
namespace {

TEST(CompactOptional, IsNoLargerThanItsValue) {
    static_assert(sizeof(CompactOptional<std::int64_t>) == 8);
    static_assert(sizeof(CompactOptional<std::uint32_t, std::uint16_t>) == 2);
}

TEST(CompactOptional, ToAndFromAnOptional) {
    CompactOptional<std::int64_t> time;
    EXPECT_FALSE(time);
    EXPECT_EQ(time, std::nullopt);
    EXPECT_EQ(time.value_or(7), 7);
    for (const std::int64_t value : {std::int64_t{-1}, std::int64_t{0}, std::int64_t{1} << 62}) {
        time = value;
        EXPECT_TRUE(time);
        EXPECT_EQ(*time, value);
        EXPECT_EQ(time.value_or(7), value);
        EXPECT_EQ(std::optional<std::int64_t>(time), value);
        EXPECT_EQ(CompactOptional<std::int64_t>(std::optional(value)), time);
    }
    time = std::optional<std::int64_t>();
    EXPECT_FALSE(time.has_value());
}

TEST(CompactOptional, TheGreatestOfUnsignedOnesIsNone) {
    CompactOptional<std::uint32_t, std::uint16_t> cpu;
    EXPECT_EQ(cpu, std::nullopt);
    cpu = 0;
    EXPECT_EQ(cpu, 0U);
    cpu = 65534;
    EXPECT_EQ(*cpu, 65534U);
}

} // namespace
} // namespace rcuscope
