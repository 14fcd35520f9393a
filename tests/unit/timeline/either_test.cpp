// SPDX-License-Identifier: BSD-2-Clause
//
// Tests which grace period released a callback where the end of a normal or of an expedited one does.
#include <gtest/gtest.h>

#include "timeline/scenario.hpp"

namespace rcuscope::test {
namespace {

// The grace period of callback `number`, as text: "normal 7", "expedited 3", "" if it is not known.
std::string released_by(const Timeline& timeline, std::size_t number) {
    const auto id = timeline.callbacks.at(number).grace_period;
    if (!id)
        return "";
    const GracePeriod& row = timeline.grace_periods.at(*id - 1);
    return (row.expedited ? "expedited " : "normal ") + std::to_string(row.gp_seq >> 2);
}

TEST(Either, TheExpeditedOneEndsFirst) {
    Scenario scenario;
    scenario.queue(1, 1).assign_either(2, 7, 3, 3).gp_start(10, 7).exp_start(11, 3).exp_end(15, 3).cleaned(16, 3, true);
    scenario.invoke(17, 1).gp_end(30, 7).cleaned(32, 7);
    EXPECT_EQ(released_by(scenario.complete(99), 0), "expedited 3");
}

TEST(Either, TheNormalOneEndsFirst) {
    Scenario scenario;
    scenario.queue(1, 1).assign_either(2, 7, 3, 3).gp_start(10, 7).gp_end(20, 7).cleaned(22, 7);
    scenario.exp_start(24, 3).invoke(25, 1).exp_end(30, 3).cleaned(31, 3, true);
    EXPECT_EQ(released_by(scenario.complete(99), 0), "normal 7");
}

TEST(Either, BothHaveEndedAndTheOrderIsKnown) {
    Scenario expedited_first;
    expedited_first.queue(1, 1).assign_either(2, 7, 3, 3).gp_start(10, 7).exp_start(11, 3);
    expedited_first.exp_end(15, 3).cleaned(16, 3, true).gp_end(20, 7).cleaned(22, 7).invoke(40, 1);
    EXPECT_EQ(released_by(expedited_first.complete(99), 0), "expedited 3");

    Scenario normal_first;
    normal_first.queue(1, 1).assign_either(2, 7, 3, 3).gp_start(10, 7).exp_start(11, 3);
    normal_first.gp_end(15, 7).cleaned(16, 7).exp_end(20, 3).cleaned(22, 3, true).invoke(40, 1);
    EXPECT_EQ(released_by(normal_first.complete(99), 0), "normal 7");
}

TEST(Either, BothEndAtTheSameTime) {
    Scenario scenario;
    scenario.queue(1, 1).assign_either(2, 7, 3, 3).gp_start(10, 7).exp_start(11, 3);
    scenario.gp_end(15, 7).exp_end(16, 3).cleaned(17, 3, true).cleaned(18, 7).invoke(40, 1);
    EXPECT_EQ(released_by(scenario.complete(99), 0), "");
}

TEST(Either, InvokedBetweenTheEndAndItsAnnouncement) {
    Scenario scenario;
    scenario.queue(1, 1).assign_either(2, 7, 3, 3).gp_start(10, 7).exp_start(11, 3).exp_end(15, 3).invoke(16, 1);
    scenario.cleaned(17, 3, true).gp_end(20, 7).cleaned(21, 7);
    EXPECT_EQ(released_by(scenario.complete(99), 0), "expedited 3");
}

TEST(Either, OneThatIsStillInProgressAtTheEndReleasedNothing) {
    Scenario scenario;
    scenario.queue(1, 1).assign_either(2, 7, 3, 3).gp_start(10, 7).exp_start(11, 3).gp_end(15, 7).cleaned(16, 7);
    scenario.invoke(17, 1);
    EXPECT_EQ(released_by(scenario.complete(99), 0), "normal 7");
}

// The record of the expedited one's end was lost: a later one began, so it has ended at some time.
TEST(Either, OneWhoseEndIsNotKnownMayHaveReleasedIt) {
    Scenario scenario;
    scenario.queue(1, 1).assign_either(2, 7, 3, 3).gp_start(10, 7).exp_start(11, 3).gp_end(15, 7).cleaned(16, 7);
    scenario.invoke(17, 1).exp_start(20, 4).exp_end(22, 4).cleaned(23, 4, true);
    EXPECT_EQ(released_by(scenario.complete(99), 0), "");
}

// The kernel assigns again while the callbacks wait: they then wait for a later expedited one.
TEST(Either, AnAssignmentReplacesTheExpeditedOneOfCallbacksThatWait) {
    Scenario scenario;
    scenario.exp_start(0, 2).queue(1, 1).assign_either(2, 7, 3, 3).gp_start(3, 6).exp_end(4, 2).cleaned(4, 2, true);
    scenario.exp_start(5, 3).queue(6, 2).assign_either(7, 7, 4, 3).exp_end(8, 3).cleaned(9, 3, true);
    scenario.exp_start(10, 4).exp_end(12, 4).cleaned(13, 4, true).invoke(14, 1).invoke(15, 2);
    const Timeline timeline = scenario.complete(99);
    EXPECT_EQ(released_by(timeline, 0), "expedited 4");
    EXPECT_EQ(released_by(timeline, 1), "expedited 4");
}

TEST(Either, ReleasedCallbacksKeepTheirGracePeriodUntilTheyAreInvoked) {
    Scenario scenario;
    scenario.gp_start(0, 6).queue(1, 1).assign_either(2, 7, 3, 3).exp_start(3, 3).exp_end(5, 3).cleaned(6, 3, true);
    // The first callback is released; only the second one gets the new numbers.
    scenario.queue(7, 2).assign_either(8, 7, 4, 4).exp_start(9, 4).exp_end(10, 4).cleaned(11, 4, true);
    scenario.invoke(12, 1).invoke(13, 2);
    const Timeline timeline = scenario.complete(99);
    EXPECT_EQ(released_by(timeline, 0), "expedited 3");
    EXPECT_EQ(released_by(timeline, 1), "expedited 4");
}

TEST(Either, NumbersWrap) {
    const std::uint64_t last = ~std::uint64_t{0} >> 2; // its end makes the sequence zero
    Scenario scenario;
    scenario.queue(1, 1).assign_either(2, last, last, last).gp_start(3, last).exp_start(4, last);
    scenario.queue(5, 2).assign_either(6, 0, 0, 0).exp_end(7, last).cleaned(8, last, true);
    scenario.exp_start(9, 0).exp_end(10, 0).cleaned(11, 0, true).invoke(12, 1).invoke(13, 2);
    const Timeline timeline = scenario.complete(99);
    EXPECT_EQ(timeline.callbacks.at(0).grace_period, 2U);
    EXPECT_EQ(timeline.callbacks.at(1).grace_period, 3U);
}

} // namespace
} // namespace rcuscope::test
