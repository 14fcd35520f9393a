// SPDX-License-Identifier: BSD-2-Clause
#include "record/trigger_watch.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rcuscope::test {
namespace {

using testing::HasSubstr;
using testing::SizeIs;

constexpr std::uint64_t ms = 1'000'000;

Metadata with_reader() {
    Metadata metadata;
    metadata.followed = {"demo"};
    metadata.modules = {{"demo", "demo.ko", "", "", "", {{"read", ".text", 0x40, 0x20}}}};
    metadata.sites = {{SiteKind::read_lock, "demo", "read", 5}, {SiteKind::read_unlock, "demo", "read", 10}};
    return metadata;
}

class TriggerWatchTest : public testing::Test {
protected:
    static constexpr std::uint64_t text_base = 0xffffffffc0100000;
    static constexpr std::uint64_t lock = text_base + 0x45;
    static constexpr std::uint64_t unlock = text_base + 0x4a;

    void wait_for(std::initializer_list<const char*> texts) {
        std::vector<Trigger> triggers;
        for (const char* text : texts)
            triggers.push_back(*parse_trigger(text, false));
        watch.emplace(std::move(triggers), with_reader());
    }
    void at(std::uint64_t ns, std::uint32_t cpu, EventBody body) { watch->take({ns, cpu, 7, std::move(body)}); }
    void start(std::uint64_t ns, std::uint64_t counter, bool expedited = false) {
        at(ns, 0, event::GpStart{counter << 2 | 1, ns, expedited});
    }
    void end(std::uint64_t ns, std::uint64_t counter, bool expedited = false) {
        at(ns, 1, event::GpEnd{counter << 2 | 1, expedited});
    }
    void queue(std::uint64_t ns, std::uint64_t head) { at(ns, 0, event::CbQueued{head, 1, 0}); }
    void invoke(std::uint64_t ns, std::uint64_t head) { at(ns, 1, event::CbInvoked{head, 1}); }
    void lost(std::uint64_t ns) { at(ns, 0, event::Lost{1, ns, ns}); }
    void look(std::uint64_t ns, std::uint64_t pending = 0) { watch->look(ns, pending); }
    std::string text(std::uint64_t now) { return watch->text(watch->fired().at(0), now); }

    std::optional<TriggerWatch> watch;
};

TEST_F(TriggerWatchTest, AGracePeriodFiresWhileItRunsAndOnce) {
    wait_for({"gp>200ms"});
    start(100 * ms, 5);
    look(300 * ms);
    EXPECT_THAT(watch->fired(), SizeIs(0)) << "200 ms are not longer than 200 ms";
    look(301 * ms);
    ASSERT_THAT(watch->fired(), SizeIs(1));
    EXPECT_FALSE(watch->over());
    EXPECT_EQ(text(301 * ms), "grace period 21 has not ended after 201 ms");
    end(400 * ms, 5);
    look(500 * ms);
    EXPECT_THAT(watch->fired(), SizeIs(1));
    EXPECT_TRUE(watch->over());
    EXPECT_EQ(text(500 * ms), "grace period 21 took 300 ms");
    watch->forget(1);
    start(600 * ms, 6);
    end(700 * ms, 6);
    look(1000 * ms);
    EXPECT_THAT(watch->fired(), SizeIs(0));
}

TEST_F(TriggerWatchTest, ALongOneBetweenTwoLooksFiresAtItsEnd) {
    wait_for({"gp>200ms"});
    end(400 * ms, 5); // read first, because another CPU sent it
    start(100 * ms, 5);
    start(401 * ms, 6);
    look(450 * ms);
    ASSERT_THAT(watch->fired(), SizeIs(1));
    EXPECT_TRUE(watch->over());
    look(600 * ms);
    EXPECT_THAT(watch->fired(), SizeIs(1));
}

TEST_F(TriggerWatchTest, NormalAndExpeditedOnesHaveNumbersOfTheirOwn) {
    wait_for({"gp>200ms", "gp>300ms"});
    start(100 * ms, 5, true);
    start(110 * ms, 5);
    end(120 * ms, 5);
    look(350 * ms);
    ASSERT_THAT(watch->fired(), SizeIs(1));
    EXPECT_EQ(watch->fired()[0].on, FiredOn::expedited_grace_period);
    look(450 * ms);
    ASSERT_THAT(watch->fired(), SizeIs(2)) << "once for each trigger";
    EXPECT_EQ(watch->trigger(watch->fired()[1]).text, "gp>300ms");
}

TEST_F(TriggerWatchTest, WhatIsNotYetDueWaitsForTheOtherCpus) {
    wait_for({"gp>200ms"});
    end(500 * ms, 5);
    look(499 * ms); // the start, on another CPU, is read by the next look
    start(490 * ms, 5);
    look(2000 * ms);
    EXPECT_THAT(watch->fired(), SizeIs(0));
}

TEST_F(TriggerWatchTest, AnEndThatWasNotSeenFiresNothing) {
    wait_for({"gp>200ms"});
    start(100 * ms, 5);
    look(150 * ms);
    lost(160 * ms);
    look(1000 * ms);
    EXPECT_THAT(watch->fired(), SizeIs(0)) << "its end may be lost";
    at(1001 * ms, 0, event::GpScan{5 << 2 | 1, 7});
    look(1002 * ms);
    EXPECT_THAT(watch->fired(), SizeIs(1)) << "it was seen to go on";
    watch->forget(1);
    start(1100 * ms, 7);
    look(1101 * ms);
    start(1150 * ms, 8); // so the previous one has ended
    look(1340 * ms);
    EXPECT_THAT(watch->fired(), SizeIs(0));
}

// The loss has no record yet; the record is sent when there is room again.
TEST_F(TriggerWatchTest, AnEndThatIsKnownToBeLostFiresNothing) {
    wait_for({"gp>200ms"});
    start(100 * ms, 5);
    watch->look(150 * ms, 0, 151 * ms);
    watch->look(1000 * ms, 0, 151 * ms);
    EXPECT_THAT(watch->fired(), SizeIs(0)) << "its end may be lost";
    start(1100 * ms, 6);
    watch->look(1301 * ms, 0, 151 * ms);
    EXPECT_THAT(watch->fired(), SizeIs(1)) << "it began long after that";
}

// It began after the time up to which everything was read, and its end was lost.
TEST_F(TriggerWatchTest, ALossCountsUntilALookHasGonePastIt) {
    wait_for({"gp>200ms"});
    start(152 * ms, 5);
    watch->look(150 * ms, 0, 155 * ms);
    watch->look(200 * ms, 0, 155 * ms);
    watch->look(1000 * ms, 0, 155 * ms);
    EXPECT_THAT(watch->fired(), SizeIs(0));
}

TEST_F(TriggerWatchTest, StepsThatCannotBeAppliedAreBounded) {
    wait_for({"gp>200ms"});
    start(100 * ms, 5);
    look(101 * ms);
    for (std::uint64_t i = 0; i < (1u << 20) + 1; i++)
        lost(200 * ms);
    end(400 * ms, 5);
    look(150 * ms);
    look(1000 * ms);
    EXPECT_THAT(watch->fired(), SizeIs(0)) << "its end was given up";
}

TEST_F(TriggerWatchTest, ABurstOfLateCallbacksFiresOnce) {
    wait_for({"callback>100ms"});
    for (std::uint64_t head = 1; head <= 1000; head++)
        queue(head, head);
    look(50 * ms);
    EXPECT_THAT(watch->fired(), SizeIs(0));
    look(150 * ms);
    ASSERT_THAT(watch->fired(), SizeIs(1));
    EXPECT_EQ(watch->fired()[0].id, 1U) << "the oldest";
    for (std::uint64_t head = 1; head <= 1000; head++)
        invoke(200 * ms + head, head);
    look(300 * ms);
    EXPECT_THAT(watch->fired(), SizeIs(1));
    EXPECT_TRUE(watch->over());
    EXPECT_EQ(text(300 * ms), "a callback ran 200 ms after it was queued");
    queue(5000 * ms, 1);
    invoke(5200 * ms, 1);
    look(5300 * ms);
    EXPECT_THAT(watch->fired(), SizeIs(2)) << "after a quiet time it is another burst";
}

TEST_F(TriggerWatchTest, CallbacksInTimeFireNothing) {
    wait_for({"callback>100ms"});
    for (std::uint64_t i = 1; i <= 100; i++) {
        queue(i * 90 * ms, 1);
        invoke(i * 90 * ms + 80 * ms, 1);
        look(i * 90 * ms + 85 * ms);
    }
    queue(20'000 * ms, 2);
    lost(20'001 * ms); // its invocation may be lost
    look(30'000 * ms);
    EXPECT_THAT(watch->fired(), SizeIs(0));
}

TEST_F(TriggerWatchTest, ACallbackWhoseEndWillNotBeSeenFiresNothing) {
    wait_for({"callback>100ms"});
    at(1 * ms, 0, event::CbQueued{.head = 1, .func = 1, .end_unseen = true});
    look(1000 * ms);
    EXPECT_THAT(watch->fired(), SizeIs(0));
}

TEST_F(TriggerWatchTest, AReadSectionFiresWhereverItsTaskRuns) {
    wait_for({"reader>100ms"});
    at(1 * ms, 0, event::Module{event::ModuleStep::coming, "demo", text_base, 0x1000, 0});
    at(1 * ms, 0, event::ModuleSection{"demo", ".text", text_base});
    at(20 * ms, 1, event::Site{unlock, false}); // read first
    at(10 * ms, 0, event::Site{lock, false});
    look(200 * ms);
    EXPECT_THAT(watch->fired(), SizeIs(0));
    at(210 * ms, 0, event::Site{lock, false});
    at(220 * ms, 0, event::Site{lock, false}); // nested
    at(230 * ms, 0, event::Site{unlock, false});
    look(311 * ms);
    ASSERT_THAT(watch->fired(), SizeIs(1));
    EXPECT_EQ(watch->fired()[0].began_ns, 210 * ms);
    at(400 * ms, 1, event::Site{unlock, false});
    look(401 * ms);
    EXPECT_TRUE(watch->over());
    EXPECT_EQ(text(401 * ms), "a read-side section of task 7 took 190 ms");
}

// A kprobe may miss an unlock without any record about it.
TEST_F(TriggerWatchTest, SectionsWhoseEndsWereMissedAreBounded) {
    wait_for({"reader>100ms"});
    at(0, 0, event::ModuleSection{"demo", ".text", text_base});
    for (std::uint64_t i = 1; i <= 17; i++)
        at(i * ms, 0, event::Site{lock, false});
    look(103 * ms);
    ASSERT_THAT(watch->fired(), SizeIs(1));
    EXPECT_EQ(watch->fired()[0].began_ns, 2 * ms) << "of a task the newest 16 are kept";
}

TEST_F(TriggerWatchTest, TasksWhoseSectionsEndsWereMissedAreBounded) {
    wait_for({"reader>100ms"});
    at(0, 0, event::ModuleSection{"demo", ".text", text_base});
    for (std::uint32_t tid = 0; tid <= 1u << 16; tid++)
        watch->take({tid + 1, 0, tid + 1, event::Site{lock, false}});
    look(500 * ms);
    ASSERT_THAT(watch->fired(), SizeIs(1));
    EXPECT_EQ(watch->fired()[0].id, (1u << 16) + 1) << "all before it were given up";
}

TEST_F(TriggerWatchTest, PendingCallbacksFireWhenTheyAreTooMany) {
    wait_for({"pending>10"});
    look(1 * ms, 10);
    EXPECT_THAT(watch->fired(), SizeIs(0));
    look(2 * ms, 11);
    look(3 * ms, 12);
    ASSERT_THAT(watch->fired(), SizeIs(1));
    EXPECT_FALSE(watch->over());
    EXPECT_THAT(text(3 * ms), HasSubstr("11 callbacks"));
    look(4 * ms, 10);
    EXPECT_TRUE(watch->over());
}

TEST_F(TriggerWatchTest, AStallIsAboutTheGracePeriodThatRuns) {
    wait_for({"stall"});
    start(1 * ms, 5);
    look(30'000 * ms);
    EXPECT_THAT(watch->fired(), SizeIs(0));
    watch->stalled({"rcu: INFO: a stall", std::nullopt}, 30'000 * ms);
    watch->stalled({"rcu: INFO: again", std::nullopt}, 90'000 * ms);
    ASSERT_THAT(watch->fired(), SizeIs(1));
    EXPECT_EQ(watch->fired()[0].on, FiredOn::grace_period);
    EXPECT_EQ(text(30'000 * ms), "rcu: INFO: a stall");
    EXPECT_FALSE(watch->over());
    end(100'000 * ms, 5);
    look(100'001 * ms);
    EXPECT_TRUE(watch->over());
}

// On a busy machine the recorder reads the warning when other grace periods have begun, or none runs.
TEST_F(TriggerWatchTest, AStallIsAboutTheGracePeriodThatItNames) {
    wait_for({"stall"});
    start(1 * ms, 5);
    end(30'000 * ms, 5);
    look(30'001 * ms);
    watch->stalled({"rcu: INFO: a stall", 5 << 2 | 1}, 30'001 * ms);
    ASSERT_THAT(watch->fired(), SizeIs(1));
    EXPECT_EQ(watch->fired()[0].on, FiredOn::grace_period);
    EXPECT_EQ(watch->fired()[0].began_ns, 1 * ms);
    EXPECT_EQ(watch->fired()[0].end_ns, 30'000 * ms);
    start(30'002 * ms, 9);
    look(30'003 * ms);
    watch->stalled({"rcu: INFO: again", 5 << 2 | 1}, 30'003 * ms);
    ASSERT_THAT(watch->fired(), SizeIs(1)) << "once for each grace period";
    watch->stalled({"rcu: INFO: another", 9 << 2 | 1}, 60'000 * ms);
    ASSERT_THAT(watch->fired(), SizeIs(2));
    EXPECT_EQ(watch->fired()[1].began_ns, 30'002 * ms);
}

TEST_F(TriggerWatchTest, WhatIsSaidFiresOnlyWhatWaitsForIt) {
    wait_for({"hazard"});
    watch->stalled({"rcu: INFO: a stall", std::nullopt}, 1 * ms);
    EXPECT_THAT(watch->fired(), SizeIs(0));
    watch->say(TriggerKind::hazard, "demo is being freed", 2 * ms);
    ASSERT_THAT(watch->fired(), SizeIs(1));
    EXPECT_TRUE(watch->over());
}

} // namespace
} // namespace rcuscope::test
