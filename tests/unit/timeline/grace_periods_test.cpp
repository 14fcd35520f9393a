// SPDX-License-Identifier: BSD-2-Clause
#include <gtest/gtest.h>

#include "growth.hpp"
#include "timeline/scenario.hpp"

namespace rcuscope::test {
namespace {

TEST(GracePeriods, StartEndAndCleanupAreOneGracePeriod) {
    Scenario scenario;
    scenario.at(100, event::GpStart{.gp_seq = running(7), .since_ns = Scenario::absolute(70)})
        .gp_end(300, 7)
        .at(310, event::GpCleaned{.gp_seq = running(7)});

    const Timeline timeline = scenario.complete(1000);

    ASSERT_EQ(timeline.grace_periods.size(), 1U);
    const GracePeriod& gp = timeline.grace_periods[0];
    EXPECT_EQ(gp.id, 1U);
    EXPECT_EQ(gp.flavor, "rcu");
    EXPECT_FALSE(gp.expedited);
    EXPECT_EQ(gp.gp_seq, 29);
    EXPECT_EQ(gp.start, 100);
    EXPECT_EQ(gp.start_uncertainty, 30);
    EXPECT_EQ(gp.end, 300);
    EXPECT_EQ(gp.cleaned, 310);
}

TEST(GracePeriods, ExpeditedOnesAreCountedApart) {
    Scenario scenario;
    scenario.gp_start(100, 7)
        .at(110, event::GpStart{.gp_seq = running(7), .since_ns = Scenario::absolute(110), .expedited = true})
        .at(150, event::GpEnd{.gp_seq = running(7), .expedited = true})
        .gp_end(300, 7);

    const Timeline timeline = scenario.complete(1000);

    ASSERT_EQ(timeline.grace_periods.size(), 2U);
    EXPECT_EQ(timeline.grace_periods[0].end, 300);
    EXPECT_TRUE(timeline.grace_periods[1].expedited);
    EXPECT_EQ(timeline.grace_periods[1].end, 150);
}

TEST(GracePeriods, WhatHappensWithin) {
    Scenario scenario;
    scenario.at(50, event::GpRequested{.gp_seq = running(7)})
        .at(60, event::GpRequested{.gp_seq = running(7)})
        .at(70, event::GpRequested{.gp_seq = running(9)}) // it does not start in this recording
        .gp_start(100, 7)
        .at(120, event::GpQuiescent{.kind = event::QuiescentKind::self,
                                    .gp_seq = running(7),
                                    .mask = 0b0100,
                                    .left = 0b1011,
                                    .first_cpu = 16})
        .at(130, event::GpScan{.gp_seq = running(7), .count = 1})
        .at(131, event::GpBlocked{.gp_seq = running(7), .tid = 9, .comm = "reader"})
        .at(132, event::GpQuiescent{.kind = event::QuiescentKind::scan,
                                    .gp_seq = running(7),
                                    .mask = 0b1011,
                                    .left = 0,
                                    .first_cpu = 16,
                                    .blocked = true})
        .at(140, event::GpScan{.gp_seq = running(7), .count = 2})
        .gp_end(300, 7);

    const Timeline timeline = scenario.complete(1000);

    ASSERT_EQ(timeline.grace_periods.size(), 1U);
    const GracePeriod& gp = timeline.grace_periods[0];
    EXPECT_EQ(gp.requested, 50);
    EXPECT_EQ(gp.scans, 2U);
    EXPECT_EQ(gp.first_scan, 130);
    ASSERT_EQ(gp.quiescent_states.size(), 2U);
    EXPECT_EQ(gp.quiescent_states[0].cpus, (std::vector<std::uint32_t>{18}));
    EXPECT_FALSE(gp.quiescent_states[0].last);
    EXPECT_EQ(gp.quiescent_states[1].cpus, (std::vector<std::uint32_t>{16, 17, 19}));
    EXPECT_EQ(gp.quiescent_states[1].kind, event::QuiescentKind::scan);
    EXPECT_TRUE(gp.quiescent_states[1].last);
    EXPECT_TRUE(gp.quiescent_states[1].blocked_readers);
    ASSERT_EQ(gp.preempted_readers.size(), 1U);
    EXPECT_EQ(gp.preempted_readers[0].comm, "reader");
}

TEST(GracePeriods, ReportsOfTwoCpusAtTheSameTime) {
    const Timeline timeline = Scenario()
                                  .gp_start(100, 7)
                                  .at(120, event::GpQuiescent{.gp_seq = running(7), .mask = 0b01, .left = 0b10})
                                  .at(121, event::GpQuiescent{.gp_seq = running(7), .mask = 0b10, .left = 0b01})
                                  .gp_end(300, 7)
                                  .complete(1000);

    const auto& states = timeline.grace_periods.at(0).quiescent_states;
    ASSERT_EQ(states.size(), 2U);
    EXPECT_FALSE(states[0].last);
    EXPECT_TRUE(states[1].last);
}

TEST(GracePeriods, ReportsOfCpusThatAreNoLeafsOfThemselves) {
    const auto report = [](std::uint32_t first_cpu, std::uint64_t mask, std::uint64_t left) {
        return event::GpQuiescent{.gp_seq = running(7), .mask = mask, .left = left, .first_cpu = first_cpu};
    };
    const Timeline timeline = Scenario()
                                  .gp_start(100, 7)
                                  .at(120, report(60, 0b110011, 0))    // CPUs 60, 61, 64, 65
                                  .at(121, report(64, 0b100, 0b011))   // two of them were waited for then
                                  .at(122, report(63, 0b1000, 0b0101)) // 63 and 65
                                  .complete(1000);

    const auto& states = timeline.grace_periods.at(0).quiescent_states;
    ASSERT_EQ(states.size(), 3U);
    EXPECT_EQ(states[0].cpus, (std::vector<std::uint32_t>{60, 61, 64, 65}));
    EXPECT_TRUE(states[1].last);
    EXPECT_FALSE(states[2].last);
}

TEST(GracePeriods, TimeGrowsAsReportsOfOneDo) {
    const auto take = [](std::size_t size) {
        Scenario scenario;
        scenario.gp_start(1, 7);
        for (std::size_t i = 0; i < size; i++)
            scenario.at(static_cast<Nanoseconds>(i), event::GpQuiescent{.gp_seq = running(7), .mask = 1, .left = 2});
        EXPECT_EQ(scenario.complete(1'000'000).grace_periods.at(0).quiescent_states.size(), size);
    };
    EXPECT_LT(growth(1000, take), far_from_linear);
}

TEST(GracePeriods, TimeGrowsAsTheirNumberDoesWhateverTheCountersAre) {
    // For 5,088 to 20,753 elements libstdc++ uses these two numbers of buckets.
    constexpr std::uint64_t buckets = std::uint64_t{10'273} * 20'753;
    const auto take = [](std::size_t size) {
        Scenario scenario;
        for (std::size_t i = 0; i < size; i++)
            scenario.gp_end(static_cast<Nanoseconds>(i), i * buckets);
        EXPECT_EQ(scenario.complete(1'000'000).grace_periods.size(), size);
    };
    EXPECT_LT(growth(2500, take), far_from_linear);
}

TEST(GracePeriods, ASampleIsWhatWasInterrupted) {
    Scenario scenario;
    scenario.symbols = {{.address = 0x10, .name = "rcu_sched_clock_irq", .offset = 0x10, .module = ""},
                        {.address = 0x20, .name = "asm_sysvec_apic_timer_interrupt", .offset = 4, .module = ""},
                        {.address = 0x30, .name = "spin", .offset = 0, .module = "demo"},
                        {.address = 0x40, .name = "kthread", .offset = 8, .module = ""}};
    scenario.gp_start(100, 7).cpu(1).tid(42).task(110, "spinner");
    scenario.at(120, event::GpSample{.no_tick_us = 3, .gp_seq = running(7), .stack = {0x10, 0x20, 0x30, 0x40}});

    const Timeline timeline = scenario.complete(1000);

    const BusyCpu& busy = timeline.grace_periods.at(0).busy_cpus.at(0);
    EXPECT_EQ(busy.cpu, 1U);
    EXPECT_EQ(busy.tid, 42U);
    EXPECT_EQ(busy.comm, "spinner");
    EXPECT_EQ(busy.no_tick, 3000);
    ASSERT_EQ(busy.stack.size(), 2U);
    EXPECT_EQ(location_name(busy.stack[0], false), "demo:spin");
    EXPECT_EQ(busy.stack[1].function, "kthread");
}

TEST(GracePeriods, AnEndWithoutStartBeganBeforeTheRecording) {
    const Timeline timeline = Scenario().gp_end(50, 6).gp_start(60, 7).complete(1000);

    ASSERT_EQ(timeline.grace_periods.size(), 2U);
    EXPECT_EQ(timeline.grace_periods[0].start, std::nullopt);
    EXPECT_EQ(timeline.grace_periods[0].end, 50);
    EXPECT_EQ(timeline.grace_periods[0].id, 1U);
    EXPECT_EQ(timeline.grace_periods[1].start, 60);
    EXPECT_EQ(timeline.grace_periods[1].end, std::nullopt);
}

TEST(GracePeriods, AMissedEndStaysUnknown) {
    const Timeline timeline = Scenario().gp_start(100, 7).gp_start(200, 8).gp_end(300, 8).complete(1000);

    ASSERT_EQ(timeline.grace_periods.size(), 2U);
    EXPECT_EQ(timeline.grace_periods[0].end, std::nullopt);
    EXPECT_EQ(timeline.grace_periods[1].end, 300);
}

TEST(GracePeriods, ACleanupAloneIsOfOneBeforeTheRecording) {
    const Timeline timeline = Scenario().at(5, event::GpCleaned{.gp_seq = running(6)}).complete(1000);
    EXPECT_TRUE(timeline.grace_periods.empty());
}

TEST(GracePeriods, TheCounterIsSignedAndWraps) {
    // RCU starts 300 grace periods before zero.
    const std::uint64_t first = (std::uint64_t{0} - 300) & (~std::uint64_t{0} >> 2);
    const std::uint64_t last = ~std::uint64_t{0} >> 2;
    const Timeline timeline = Scenario()
                                  .gp_start(100, first)
                                  .gp_end(110, first)
                                  .gp_start(200, last)
                                  .gp_end(210, last)
                                  .gp_start(300, 0)
                                  .complete(1000);

    ASSERT_EQ(timeline.grace_periods.size(), 3U);
    EXPECT_EQ(timeline.grace_periods[0].gp_seq, -1199);
    EXPECT_EQ(timeline.grace_periods[1].gp_seq, -3);
    EXPECT_EQ(timeline.grace_periods[1].end, 210);
    EXPECT_EQ(timeline.grace_periods[2].gp_seq, 1);
}

TEST(GracePeriods, EventsOfOneInstantMayComeInAnyOrder) {
    const Timeline timeline = Scenario().gp_end(100, 7).gp_start(100, 7).gp_start(100, 8).complete(1000);

    ASSERT_EQ(timeline.grace_periods.size(), 2U);
    EXPECT_EQ(timeline.grace_periods[0].start, 100);
    EXPECT_EQ(timeline.grace_periods[0].end, 100);
    EXPECT_EQ(timeline.grace_periods[1].start, 100);
}

TEST(GracePeriods, AStartNoticedAfterTheEndLiesBeforeIt) {
    Scenario scenario;
    scenario.gp_end(100, 7).at(120, event::GpStart{.gp_seq = running(7), .since_ns = Scenario::absolute(90)});

    const Timeline timeline = scenario.complete(1000);

    EXPECT_EQ(timeline.grace_periods.at(0).start, 100);
    EXPECT_EQ(timeline.grace_periods.at(0).start_uncertainty, 10);
}

TEST(GracePeriods, TimesBeforeTheStartAreNegative) {
    Scenario scenario;
    scenario.at(-20, event::GpStart{.gp_seq = running(7), .since_ns = Scenario::absolute(-50)}).gp_end(30, 7);

    const Timeline timeline = scenario.complete(1000);

    EXPECT_EQ(timeline.grace_periods.at(0).start, -20);
    EXPECT_EQ(timeline.grace_periods.at(0).start_uncertainty, 30);
}

// The hooks run a moment before or after the sequence changes, so at the edges the sequence decides.
TEST(GracePeriods, InProgressWhenTheRecordingOpened) {
    Scenario scenario;
    scenario.metadata.sequences = {running(7), 9 << 2};
    scenario
        .at(2, event::GpEnd{.gp_seq = running(8), .expedited = true}) // it had ended before
        .at(3, event::GpStart{.gp_seq = running(7), .since_ns = Scenario::absolute(1)})
        .gp_end(50, 7)
        .gp_start(60, 8)
        .gp_end(90, 8);

    const Timeline timeline = scenario.complete(100);

    ASSERT_EQ(timeline.grace_periods.size(), 2U);
    EXPECT_TRUE(timeline.grace_periods[0].began_before);
    EXPECT_FALSE(timeline.grace_periods[0].start);
    EXPECT_EQ(timeline.grace_periods[0].end, 50);
    EXPECT_FALSE(timeline.grace_periods[1].began_before);
    EXPECT_EQ(timeline.grace_periods[1].start, 60);
}

TEST(GracePeriods, NoneInProgressWhenTheRecordingOpened) {
    Scenario scenario;
    scenario.metadata.sequences = {7 << 2, 9 << 2};
    scenario.gp_start(3, 7).gp_end(50, 7);

    const Timeline timeline = scenario.complete(100);

    ASSERT_EQ(timeline.grace_periods.size(), 1U);
    EXPECT_FALSE(timeline.grace_periods[0].began_before);
    EXPECT_EQ(timeline.grace_periods[0].start, 3);
}

TEST(GracePeriods, BegunJustBeforeTheRecordingClosed) {
    Scenario scenario;
    scenario.metadata.sequences = {7 << 2, 9 << 2};
    scenario.gp_start(10, 7).gp_end(50, 7).at(55, event::GpCleaned{.gp_seq = running(7)});
    Trailer trailer;
    trailer.end_ns = Scenario::absolute(100);
    trailer.sequences = {running(8), 9 << 2};

    const Timeline timeline = scenario.complete(trailer);

    ASSERT_EQ(timeline.grace_periods.size(), 2U);
    EXPECT_EQ(timeline.grace_periods[1].gp_seq, static_cast<std::int64_t>(running(8)));
    EXPECT_EQ(timeline.grace_periods[1].start, 100);
    EXPECT_EQ(timeline.grace_periods[1].start_uncertainty, 45);
    EXPECT_FALSE(timeline.grace_periods[1].end);
}

TEST(GracePeriods, LongerThanTheRecording) {
    Scenario scenario;
    scenario.metadata.sequences = {running(7), running(9)};
    Trailer trailer;
    trailer.end_ns = Scenario::absolute(100);
    trailer.sequences = scenario.metadata.sequences;

    const Timeline timeline = scenario.complete(trailer);

    ASSERT_EQ(timeline.grace_periods.size(), 2U);
    for (const GracePeriod& gp : timeline.grace_periods) {
        EXPECT_TRUE(gp.began_before);
        EXPECT_FALSE(gp.start);
        EXPECT_FALSE(gp.end);
    }
}

} // namespace
} // namespace rcuscope::test
