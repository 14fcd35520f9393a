// SPDX-License-Identifier: BSD-2-Clause
//
// The time that a CPU took no timer tick, as the programs compute it (bpf/ticks.h).
#include <gtest/gtest.h>

#include "ticks.h"

namespace rcuscope::test {
namespace {

constexpr rs_u64 ms = 1'000'000;

// A tick at 100 ms. Before it the tick had been stopped, and the CPU left idle at 50 ms.
constexpr rs_tick last{.ns = 100 * ms, .stopped = 20 * ms, .idle_exit = 50 * ms};

rs_u64 until(const rs_tick& next) {
    return rs_time_without_tick(&last, &next, false);
}

rs_u64 until_where_busy_cpus_stop_it(const rs_tick& next) {
    return rs_time_without_tick(&last, &next, true);
}

TEST(Ticks, TimeWithInterruptsOffIsAllThatLiesBetweenTwo) {
    EXPECT_EQ(until({.ns = 265 * ms, .stopped = 20 * ms, .idle_exit = 50 * ms}), 165 * ms);
    EXPECT_EQ(until({.ns = 104 * ms, .stopped = 20 * ms, .idle_exit = 50 * ms}), 4 * ms);
}

TEST(Ticks, TimeInIdleIsNone) {
    EXPECT_EQ(until({.ns = 5003 * ms, .stopped = 104 * ms, .idle_exit = 5000 * ms}), 3 * ms);
    // The CPU was already idle at the last tick, which came for a timer.
    EXPECT_EQ(until({.ns = 5003 * ms, .stopped = 20 * ms, .idle_exit = 5000 * ms}), 3 * ms);
}

TEST(Ticks, TimeWithInterruptsOffAfterIdleBeginsWhereIdleWasLeft) {
    EXPECT_EQ(until({.ns = 5165 * ms, .stopped = 104 * ms, .idle_exit = 5000 * ms}), 165 * ms);
}

// The tick was stopped, and the CPU has not left idle since: it was offline.
TEST(Ticks, OfACpuThatWentAwayNothingIsKnown) {
    EXPECT_EQ(until({.ns = 5000 * ms, .stopped = 104 * ms, .idle_exit = 50 * ms}), 0u);
    EXPECT_EQ(until({.ns = 5000 * ms, .stopped = 0, .idle_exit = 0}), 0u);
}

TEST(Ticks, WhereATaskMayStopTheTickOnlyOneThatWasNotStoppedTells) {
    EXPECT_EQ(until_where_busy_cpus_stop_it({.ns = 265 * ms, .stopped = 20 * ms, .idle_exit = 50 * ms}), 165 * ms);
    EXPECT_EQ(until_where_busy_cpus_stop_it({.ns = 5000 * ms, .stopped = 104 * ms, .idle_exit = 50 * ms}), 0u);
    EXPECT_EQ(until_where_busy_cpus_stop_it({.ns = 5000 * ms, .stopped = 20 * ms, .idle_exit = 4000 * ms}), 0u);
}

TEST(Ticks, OfTheFirstTickNothingIsKnown) {
    const rs_tick none{};
    const rs_tick first{.ns = 5000 * ms, .stopped = 0, .idle_exit = 0};
    EXPECT_EQ(rs_time_without_tick(&none, &first, false), 0u);
}

TEST(Ticks, AClockThatStandsStillIsNoLongTime) {
    EXPECT_EQ(until({.ns = 4999 * ms, .stopped = 104 * ms, .idle_exit = 5000 * ms}), 0u);
}

} // namespace
} // namespace rcuscope::test
