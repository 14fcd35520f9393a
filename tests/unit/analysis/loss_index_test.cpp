// SPDX-License-Identifier: BSD-2-Clause
#include "analysis/loss_index.hpp"

#include <gtest/gtest.h>

namespace rcuscope::test {
namespace {

TEST(LossIndex, FindsALongLossBehindShortOnes) {
    const LossIndex losses({{.from = 50, .to = 55}, {.from = 10, .to = 90}, {.from = 60, .to = 61}});
    EXPECT_TRUE(losses.overlaps(80, 85));
    EXPECT_TRUE(losses.overlaps(90, 99));
    EXPECT_TRUE(losses.overlaps(0, 10));
    EXPECT_FALSE(losses.overlaps(0, 9));
    EXPECT_FALSE(losses.overlaps(91, 99));
    EXPECT_FALSE(LossIndex({}).overlaps(0, 100));
}

} // namespace
} // namespace rcuscope::test
