// SPDX-License-Identifier: BSD-2-Clause
//
// Tests which grace period is assigned to a callback.
#include <gtest/gtest.h>

#include "growth.hpp"
#include "timeline/scenario.hpp"

namespace rcuscope::test {
namespace {

TEST(Assignment, QueuedDuringAGracePeriodWaitsForTheNext) {
    const Timeline timeline = Scenario()
                                  .gp_start(10, 7)
                                  .queue(20, 1)
                                  .assign(25, 8)
                                  .gp_end(30, 7)
                                  .gp_start(31, 8)
                                  .gp_end(50, 8)
                                  .invoke(60, 1)
                                  .complete(99);
    EXPECT_EQ(timeline.callbacks.at(0).grace_period, 2U);
}

TEST(Assignment, TwoGracePeriodsOutstanding) {
    Scenario scenario;
    scenario.queue(5, 1).assign(6, 7).gp_start(10, 7).queue(20, 2).assign(25, 8).queue(26, 3).assign(27, 8);
    scenario.gp_end(30, 7).gp_start(31, 8).invoke(35, 1).gp_end(50, 8).invoke(60, 2).invoke(61, 3);

    const Timeline timeline = scenario.complete(99);

    EXPECT_EQ(timeline.callbacks.at(0).grace_period, 1U);
    EXPECT_EQ(timeline.callbacks.at(1).grace_period, 2U);
    EXPECT_EQ(timeline.callbacks.at(2).grace_period, 2U);
}

TEST(Assignment, AnEarlierAssignmentReplacesALaterOneOnly) {
    // The first callback waits for 7 and keeps it; the second was to wait for 9, and 8 is sufficient.
    Scenario scenario;
    scenario.queue(1, 1).assign(2, 7).queue(3, 2).assign(4, 9).queue(5, 3).assign(6, 8);
    scenario.gp_start(10, 7).gp_end(20, 7).invoke(21, 1).gp_start(22, 8).gp_end(30, 8).invoke(31, 2).invoke(32, 3);

    const Timeline timeline = scenario.complete(99);

    EXPECT_EQ(timeline.callbacks.at(0).grace_period, 1U);
    EXPECT_EQ(timeline.callbacks.at(1).grace_period, 2U);
    EXPECT_EQ(timeline.callbacks.at(2).grace_period, 2U);
}

TEST(Assignment, AssignmentConcernsOneListOnly) {
    // CPU 0 assigns callbacks for CPU 1, which are offloaded.
    Scenario scenario;
    scenario.queue(1, 1).cpu(1).queue(2, 2).cpu(0).assign(3, 7, 1).gp_start(10, 7).gp_end(20, 7);
    scenario.invoke(30, 1).invoke(31, 2);

    const Timeline timeline = scenario.complete(99);

    EXPECT_EQ(timeline.callbacks.at(0).grace_period, std::nullopt);
    EXPECT_EQ(timeline.callbacks.at(1).queued_cpu, 1U);
    EXPECT_EQ(timeline.callbacks.at(1).invoked_cpu, 0U);
    EXPECT_EQ(timeline.callbacks.at(1).grace_period, 1U);
}

TEST(Assignment, ALossMayHaveBeenOfTheAssignment) {
    Scenario scenario;
    scenario.queue(1, 1).assign(2, 7).queue(3, 2).lost(4, 5, 1).queue(6, 3).assign(7, 8);
    scenario.gp_start(10, 7).gp_end(20, 7).gp_start(21, 8).gp_end(30, 8).invoke(31, 1).invoke(32, 2).invoke(33, 3);

    const Timeline timeline = scenario.complete(99);

    EXPECT_EQ(timeline.callbacks.at(0).grace_period, 1U);
    EXPECT_EQ(timeline.callbacks.at(1).grace_period, std::nullopt);
    EXPECT_EQ(timeline.callbacks.at(2).grace_period, 2U);
}

TEST(Assignment, ALossIsOfTheListsThatTheCpuAssigns) {
    // CPU 1 assigns its own list and that of CPU 2.
    Scenario scenario;
    scenario.cpu(2).queue(1, 9).cpu(1).assign(2, 7, 2);
    scenario.cpu(0).queue(3, 1).cpu(2).queue(3, 2).cpu(1).lost(4, 5, 1).assign(7, 8, 2).cpu(0).assign(7, 8, 0);
    scenario.gp_start(10, 7).gp_end(20, 7).gp_start(21, 8).gp_end(30, 8).invoke(31, 1).cpu(2).invoke(32, 9).invoke(33,
                                                                                                                   2);

    const Timeline timeline = scenario.complete(99);

    EXPECT_EQ(timeline.callbacks.at(0).grace_period, 1U);
    EXPECT_EQ(timeline.callbacks.at(1).grace_period, 2U);
    EXPECT_EQ(timeline.callbacks.at(2).grace_period, std::nullopt);
}

TEST(Assignment, ALossCostsTheSameHoweverManyListsThereAre) {
    const auto take = [](std::size_t size) {
        Scenario scenario;
        for (std::size_t i = 0; i < size; i++)
            scenario.cpu(static_cast<std::uint32_t>(i)).queue(static_cast<Nanoseconds>(i), i + 1);
        for (std::size_t i = 0; i < size; i++) {
            const auto at = static_cast<Nanoseconds>(size + i);
            scenario.cpu(static_cast<std::uint32_t>(i)).lost(at, at, 1);
        }
        (void)scenario.complete(static_cast<Nanoseconds>(4 * size));
    };
    EXPECT_LT(growth(2000, take), far_from_linear);
}

TEST(Assignment, OffloadedOnesAreAssignedWhenTheyLeaveTheBypass) {
    Scenario scenario;
    scenario.queue(1, 1).queue(2, 2).queue(3, 3);
    // The second and the third callback are in the bypass list.
    scenario.assign(4, 7, 0, 2).gp_start(10, 7).gp_end(20, 7).assign(21, 8).gp_start(22, 8).gp_end(30, 8);
    scenario.invoke(40, 1).invoke(41, 2).invoke(42, 3);

    const Timeline timeline = scenario.complete(99);

    EXPECT_EQ(timeline.callbacks.at(0).grace_period, 1U);
    EXPECT_EQ(timeline.callbacks.at(1).grace_period, 2U);
    EXPECT_EQ(timeline.callbacks.at(2).grace_period, 2U);
}

// More heads than the builder keeps after their callbacks have run; the first one stays open.
// The first part of the list has its grace period already, and callbacks are invoked in another order.
TEST(Assignment, ALongListIsAssignedInParts) {
    constexpr std::uint64_t count = 1000;
    Scenario scenario;
    for (std::uint64_t i = 1; i <= count; i++) {
        scenario.queue(static_cast<Nanoseconds>(i), i);
        if (i % 100 == 0) // the last 50 are in the bypass list
            scenario.assign(static_cast<Nanoseconds>(i), i / 100, 0, static_cast<Nanoseconds>(i - 49));
    }
    Nanoseconds at = 2000;
    for (std::uint64_t period = 1; period <= 10; period++) {
        scenario.gp_start(at, period).gp_end(at + 1, period);
        at += 2;
    }
    for (std::uint64_t i = count; i > 0; i--)
        scenario.invoke(at, i);
    const Timeline timeline = scenario.complete(at + 1);

    for (std::uint64_t i = 1; i <= count; i++) {
        const auto period = static_cast<std::uint32_t>((i + 49) / 100 + 1);
        EXPECT_EQ(timeline.callbacks[i - 1].grace_period, period <= 10 ? std::optional(period) : std::nullopt) << i;
    }
}

// Only an analysis can tell whether the first was pending.
TEST(Assignment, AssignmentAcrossTheWrapOfGpSeq) {
    const std::uint64_t last = ~std::uint64_t{0} >> 2; // its end makes gp_seq zero
    Scenario scenario;
    scenario.queue(1, 1).assign(2, last).queue(3, 2).assign(4, 0).gp_start(10, last).gp_end(20, last).invoke(21, 1);
    scenario.gp_start(22, 0).gp_end(30, 0).invoke(31, 2);

    const Timeline timeline = scenario.complete(99);

    EXPECT_EQ(timeline.callbacks.at(0).grace_period, 1U);
    EXPECT_EQ(timeline.callbacks.at(1).grace_period, 2U);
}

TEST(Assignment, TheGracePeriodMayHaveBegunBeforeTheRecording) {
    const Timeline timeline = Scenario().queue(1, 1).assign(2, 7).gp_end(20, 7).invoke(21, 1).complete(99);
    EXPECT_EQ(timeline.callbacks.at(0).grace_period, 1U);
}

TEST(Assignment, NoGracePeriodThatEndsAfterTheInvocation) {
    const Timeline timeline =
        Scenario().queue(1, 1).assign(2, 7).gp_start(5, 7).invoke(10, 1).gp_end(20, 7).complete(99);
    EXPECT_EQ(timeline.callbacks.at(0).grace_period, std::nullopt);
}

TEST(Assignment, AGracePeriodOfTheTimeOfInvocationMayBeSeenAfterIt) {
    const Timeline timeline = Scenario().queue(1, 1).assign(2, 7).invoke(20, 1).gp_end(20, 7).complete(99);
    EXPECT_EQ(timeline.callbacks.at(0).grace_period, 1U);
}

TEST(Assignment, TheGracePeriodsIdMayNotBeKnownAtTheInvocation) {
    // Neither start nor end of the expedited one is known, so it comes first.
    const Timeline timeline = Scenario()
                                  .queue(1, 1)
                                  .assign(2, 7)
                                  .gp_start(5, 7)
                                  .at(10, event::GpQuiescent{.expedited = true, .gp_seq = 4 * 7 + 1, .mask = 1})
                                  .gp_end(20, 7)
                                  .invoke(30, 1)
                                  .complete(99);
    ASSERT_EQ(timeline.grace_periods.size(), 2U);
    EXPECT_TRUE(timeline.grace_periods[0].expedited);
    EXPECT_EQ(timeline.callbacks.at(0).grace_period, 2U);
}

TEST(Assignment, NoGracePeriodThatBeganBeforeQueueing) {
    const Timeline timeline =
        Scenario().gp_start(5, 7).queue(10, 1).assign(11, 7).gp_end(20, 7).invoke(30, 1).complete(99);
    EXPECT_EQ(timeline.callbacks.at(0).grace_period, std::nullopt);
}

TEST(Assignment, NoGracePeriodThatWasNeverSeenOrAssigned) {
    const Timeline timeline = Scenario()
                                  .queue(1, 1)
                                  .assign(2, 8)
                                  .queue(3, 2)
                                  .gp_start(5, 7)
                                  .gp_end(20, 7)
                                  .invoke(30, 1)
                                  .invoke(31, 2)
                                  .complete(99);
    EXPECT_EQ(timeline.callbacks.at(0).grace_period, std::nullopt);
    EXPECT_EQ(timeline.callbacks.at(1).grace_period, std::nullopt);
}

TEST(Assignment, ManyCallbacksAndAssignments) {
    Scenario scenario;
    for (std::uint64_t i = 0; i < 200'000; i++) {
        const auto now = static_cast<Nanoseconds>(2 * i);
        scenario.queue(now, i + 1).assign(now + 1, 7 + i / 100'000);
    }
    scenario.gp_start(500'000, 7).gp_end(500'001, 7).gp_start(500'002, 8).gp_end(500'003, 8);
    scenario.invoke(600'000, 100'000).invoke(600'001, 100'001);

    const Timeline timeline = scenario.complete(700'000);

    EXPECT_EQ(timeline.callbacks.at(99'999).grace_period, 1U);
    EXPECT_EQ(timeline.callbacks.at(100'000).grace_period, 2U);
}

} // namespace
} // namespace rcuscope::test
