// SPDX-License-Identifier: BSD-2-Clause
//
// Tests the parts of a callback's latency.
#include "timeline/latency_breakdown.hpp"

#include <gtest/gtest.h>

namespace rcuscope::test {
namespace {

struct Life {
    Life() {
        grace_periods[1].start = 130;
        grace_periods[1].end = 400;
        callback.queued = 100;
        callback.invoked = 450;
        callback.done = 455;
        callback.grace_period = 2;
    }
    std::optional<LatencyBreakdown> shares() const { return latency_breakdown(callback, grace_periods); }

    std::vector<GracePeriod> grace_periods{2};
    Callback callback;
};

TEST(Shares, SumUpToTheWholeLife) {
    const Life life;
    const auto shares = life.shares();
    ASSERT_TRUE(shares);
    EXPECT_EQ(shares->waiting_for_start, 30);
    EXPECT_EQ(shares->waiting_for_end, 270);
    EXPECT_EQ(shares->waiting_for_invocation, 50);
    EXPECT_EQ(shares->running, 5);
    EXPECT_EQ(shares->waiting_for_start + shares->waiting_for_end + shares->waiting_for_invocation + shares->running,
              *life.callback.done - life.callback.queued);
}

TEST(Shares, AreNotGuessed) {
    Life life;
    life.callback.done = std::nullopt;
    EXPECT_FALSE(life.shares());
    life = {};
    life.callback.grace_period = std::nullopt;
    EXPECT_FALSE(life.shares());
    life.callback.grace_period = 3;
    EXPECT_FALSE(life.shares());
    life = {};
    life.grace_periods[1].start = std::nullopt;
    EXPECT_FALSE(life.shares());
    life = {};
    life.grace_periods[1].end = std::nullopt;
    EXPECT_FALSE(life.shares());
}

} // namespace
} // namespace rcuscope::test
