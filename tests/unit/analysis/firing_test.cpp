// SPDX-License-Identifier: BSD-2-Clause
//
// Tests the explanation of why a trigger fired.
#include "analysis/firing.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <numeric>

#include "analysis/recording.hpp"

namespace rcuscope::test {
namespace {

using testing::ElementsAre;
using testing::FieldsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::uint64_t start_ns = 5'000'000'000;

class Firings : public testing::Test {
protected:
    Firings() {
        timeline.capture.start_boottime_ns = start_ns;
        timeline.capture.end = 2000 * ms;
    }
    GracePeriod& grace_period(Nanoseconds start, MaybeTime end, std::int64_t gp_seq = 21) {
        GracePeriod& row = timeline.grace_periods.emplace_back();
        row.id = static_cast<std::uint32_t>(timeline.grace_periods.size());
        row.gp_seq = gp_seq;
        row.start = start;
        row.end = end;
        return row;
    }
    FiringAnalysis fired(FiredOn on, std::uint64_t id, Nanoseconds began, const std::string& trigger = "t") {
        const std::uint64_t began_ns = start_ns + static_cast<std::uint64_t>(began);
        timeline.capture.fired = FiredTrigger{trigger, "text", on, id, began_ns, began_ns};
        FiringAnalysis analysis = *analyse_firing(timeline, found);
        std::int64_t sum = 0;
        for (const Contribution& part : analysis.parts)
            sum += part.amount;
        EXPECT_EQ(sum, analysis.whole);
        return analysis;
    }

    // The holder of the newest grace period.
    Holder& holder() {
        found.holders.resize(timeline.grace_periods.size());
        return found.holders.back().emplace();
    }

    Timeline timeline;
    Analysis found;
};

TEST_F(Firings, ARecordingThatWasNotWaitedForHasNone) {
    EXPECT_FALSE(analyse_firing(timeline, found));
}

TEST_F(Firings, AGracePeriodIsDividedByItsReports) {
    GracePeriod& row = grace_period(100 * ms, 500 * ms);
    row.quiescent_states = {{.at = 480 * ms, .cpus = {1}, .last = true}, {.at = 110 * ms, .cpus = {0}}};
    holder() = Holder{.kind = HolderKind::busy_cpu,
                      .cpu = 1,
                      .tid = 7,
                      .comm = "hog",
                      .place = {},
                      .held = 0,
                      .stack = {{.address = 1, .function = "spin"}},
                      .text = "CPU 1, hog"};
    const auto analysis = fired(FiredOn::grace_period, 22, 100 * ms); // the state bits may differ
    EXPECT_EQ(analysis.what, "t: text");
    EXPECT_EQ(analysis.whole, 400 * ms);
    EXPECT_THAT(analysis.parts,
                ElementsAre(FieldsAre(HasSubstr("but the last"), 10 * ms), FieldsAre("until CPU 1 reported", 370 * ms),
                            FieldsAre(HasSubstr("RCU's own thread"), 20 * ms)));
    EXPECT_EQ(analysis.holder, "CPU 1, hog");
    EXPECT_EQ(analysis.stack.size(), 1U);
}

TEST_F(Firings, APreemptedReaderIsWaitedForAfterTheCpus) {
    GracePeriod& row = grace_period(100 * ms, 500 * ms);
    row.quiescent_states = {{.at = 110 * ms, .cpus = {0, 1}, .last = true, .blocked_readers = true}};
    EXPECT_THAT(fired(FiredOn::grace_period, 21, 100 * ms).parts,
                ElementsAre(FieldsAre("until CPUs 0, 1 reported", 10 * ms),
                            FieldsAre(HasSubstr("preempted readers"), 390 * ms)));
}

TEST_F(Firings, OneThatGoesOnIsDividedUpToTheEnd) {
    GracePeriod& row = grace_period(100 * ms, std::nullopt);
    row.busy_cpus = {{.at = 300 * ms, .cpu = 1, .tid = 7, .comm = "hog", .stack = {{.address = 1}}}};
    const auto analysis = fired(FiredOn::grace_period, 21, 100 * ms);
    EXPECT_EQ(analysis.whole, 1900 * ms);
    EXPECT_THAT(analysis.holder, HasSubstr("CPU 1, hog (7)"));
    EXPECT_EQ(analysis.stack.size(), 1U);
}

TEST_F(Firings, AReportOutsideOfItHarmsNothing) {
    GracePeriod& row = grace_period(100 * ms, 500 * ms);
    row.quiescent_states = {{.at = 90 * ms, .cpus = {0}}, {.at = 600 * ms, .cpus = {1}}};
    EXPECT_EQ(fired(FiredOn::grace_period, 21, 100 * ms).whole, 400 * ms);
}

TEST_F(Firings, ACallbackIsDividedByItsGracePeriod) {
    grace_period(150 * ms, 400 * ms);
    holder().text = "held";
    Callback& callback = timeline.callbacks.emplace_back();
    callback.head = 0x100;
    callback.queued = 100 * ms;
    callback.invoked = 430 * ms;
    callback.done = 431 * ms;
    callback.grace_period = 1;
    const auto analysis = fired(FiredOn::callback, 0x100, 100 * ms);
    EXPECT_EQ(analysis.whole, 330 * ms);
    EXPECT_THAT(analysis.parts,
                ElementsAre(FieldsAre(HasSubstr("began"), 50 * ms), FieldsAre(HasSubstr("ended"), 250 * ms),
                            FieldsAre(HasSubstr("ready"), 30 * ms)));
    EXPECT_EQ(analysis.holder, "held");
}

TEST_F(Firings, AReadSectionIsDividedByWhetherItsTaskRan) {
    ReadSection& section = timeline.read_sections.emplace_back();
    section.tid = 7;
    section.begin = 100 * ms;
    section.end = 300 * ms;
    section.off_cpu = {{.at = 120 * ms, .until = 150 * ms, .voluntary = false},
                       {.at = 200 * ms, .until = std::nullopt, .voluntary = true}};
    EXPECT_THAT(fired(FiredOn::read_section, 7, 100 * ms).parts,
                ElementsAre(FieldsAre(HasSubstr("running"), 70 * ms), FieldsAre("preempted", 30 * ms),
                            FieldsAre("blocked", 100 * ms)));
    section.off_cpu = {{.at = 120 * ms, .until = 150 * ms, .voluntary = false, .lock = true}};
    EXPECT_THAT(fired(FiredOn::read_section, 7, 100 * ms).parts,
                ElementsAre(FieldsAre(HasSubstr("running"), 170 * ms), FieldsAre("preempted", 0),
                            FieldsAre("waiting for a sleeping lock", 30 * ms), FieldsAre("blocked", 0)));
}

TEST_F(Firings, PendingCallbacksAreCountedByFunction) {
    for (int i = 0; i < 30; i++) {
        Callback& callback = timeline.callbacks.emplace_back();
        callback.function = {.address = 1, .function = i < 20 ? "many" : "f" + std::to_string(i)};
        callback.queued = i * ms;
    }
    timeline.callbacks[0].invoked = timeline.callbacks[0].done = 90 * ms;
    const auto analysis = fired(FiredOn::nothing, 0, 100 * ms, "pending>10");
    EXPECT_TRUE(analysis.counts);
    EXPECT_EQ(analysis.whole, 29);
    ASSERT_EQ(analysis.parts.size(), 6U);
    EXPECT_THAT(analysis.parts.front(), FieldsAre("of many", 19));
    EXPECT_THAT(analysis.parts.back(), FieldsAre("of other functions", 6));
}

// The kernel also counts callbacks that were queued before the recording began.
TEST_F(Firings, PendingCallbacksAddUpToWhatTheTriggerSaid) {
    for (int i = 0; i < 11; i++) {
        Callback& callback = timeline.callbacks.emplace_back();
        callback.function = {.address = 1, .function = "f"};
        callback.queued = i * ms;
    }
    timeline.callbacks[0].invoked = 90 * ms; // it is running
    const auto analysis = fired(FiredOn::nothing, 64, 100 * ms, "pending>10");
    EXPECT_EQ(analysis.whole, 64);
    EXPECT_THAT(analysis.parts, ElementsAre(FieldsAre("of f", 11), FieldsAre(HasSubstr("before it began"), 53)));
    EXPECT_THAT(fired(FiredOn::nothing, 10, 100 * ms, "pending>9").what,
                HasSubstr("; the recording shows 11 of them a moment earlier"));
}

TEST_F(Firings, WhatIsNotInTheRecordingHasNoParts) {
    for (const FiredOn on : {FiredOn::grace_period, FiredOn::callback, FiredOn::read_section, FiredOn::nothing})
        EXPECT_THAT(fired(on, 99, 0).parts, IsEmpty());
}

} // namespace
} // namespace rcuscope::test
