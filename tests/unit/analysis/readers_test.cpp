// SPDX-License-Identifier: BSD-2-Clause
//
// Tests the hazards of read-side sections: long, blocked, never ended.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analysis/recording.hpp"

namespace rcuscope::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(BlockedReader, AWaitForASleepingLockIsAllowed) {
    Unloading scene;
    scene.section(10, 40).off_cpu = {{.at = 15, .until = 20, .voluntary = false, .lock = true}};
    EXPECT_THAT(scene.find(), IsEmpty());
}

TEST(BlockedReader, WarningForEachFunctionWithAllItsSections) {
    Unloading scene;
    scene.section(10, 40).off_cpu = {{.at = 15, .until = 20, .voluntary = true},
                                     {.at = 21, .until = 39, .voluntary = false}};
    scene.section(50, 60);
    scene.section(70, 90).off_cpu = {{.at = 71, .until = 80, .voluntary = true}};
    scene.section(92, 99).off_cpu = {{.at = 93, .until = 94, .voluntary = true}};
    scene.timeline.read_sections.back().place.function = "other";

    const auto hazards = scene.find();

    ASSERT_EQ(hazards.size(), 2U);
    EXPECT_EQ(hazards[0].kind, "blocked-in-reader");
    EXPECT_EQ(hazards[0].severity, "warning");
    EXPECT_EQ(hazards[0].module, "rcu_unload");
    EXPECT_EQ(hazards[0].at, 15);
    EXPECT_THAT(hazards[0].read_sections, ElementsAre(0, 2));
    EXPECT_THAT(hazards[0].callbacks, IsEmpty());
    EXPECT_EQ(
        hazards[0].text,
        "rcu_unload:reader gave up the CPU within 2 read-side sections, for up to 9 ns, for example in the section at "
        "rcu_unload:reader+0x8 (task reader 812, CPU 1): a task must not block within rcu_read_lock(), since "
        "every grace period waits for it; move the call that sleeps out of the section, or use SRCU, whose "
        "readers may sleep.");
    EXPECT_THAT(hazards[1].read_sections, ElementsAre(3));
}

TEST(NeverEnded, OneForEachFunctionThatLeftSomeOpen) {
    Unloading scene;
    scene.section(10, 40);
    ReadSection& bad = scene.section(50, {});
    bad.left = SectionLeft::task_ended;
    bad.left_at = 70;
    scene.section(80, {}); // still open
    ReadSection& unseen = scene.section(85, {});
    unseen.left = SectionLeft::unseen_end;
    unseen.left_at = 90;

    const auto hazards = scene.find();

    ASSERT_EQ(hazards.size(), 1U);
    EXPECT_EQ(hazards[0].kind, "reader-never-ended");
    EXPECT_EQ(hazards[0].severity, "fatal");
    EXPECT_EQ(hazards[0].module, "rcu_unload");
    EXPECT_EQ(hazards[0].at, 70);
    EXPECT_THAT(hazards[0].read_sections, ElementsAre(1));
    EXPECT_THAT(hazards[0].text, HasSubstr("1 of 4 read-side sections of rcu_unload:reader did not end, the first at "
                                           "rcu_unload:reader+0x8 (task reader 812, CPU 1): its task ended within "
                                           "it. Each rcu_read_lock() needs its rcu_read_unlock()"));
}

TEST(NeverEnded, SaysHowItWasFound) {
    Unloading scene;
    ReadSection& section = scene.section(50, {});
    section.left_at = 70;
    section.left = SectionLeft::user_mode;
    EXPECT_THAT(scene.find().at(0).text, HasSubstr("its task ran in user mode within it"));
    scene.timeline.read_sections.back().left = SectionLeft::idle;
    EXPECT_THAT(scene.find().at(0).text, HasSubstr("an interrupt over the idle task of CPU 1 left it open"));
}

TEST(BlockedReader, PreemptionIsNone) {
    Unloading scene;
    scene.section(10, 40).off_cpu = {{.at = 15, .until = 20, .voluntary = false}};
    EXPECT_THAT(scene.find(), IsEmpty());
}

TEST(BlockedReader, ACallAroundARealSectionIsNotToldToo) {
    Unloading scene;
    const RareList<ReadSection::OffCpu> off_cpu{{.at = 15, .until = 20, .voluntary = true}};
    ReadSection& call = scene.section(10, 40);
    call.by = SectionBy::function;
    call.off_cpu = off_cpu;
    scene.section(12, 38).off_cpu = off_cpu;
    const auto hazards = scene.find();
    ASSERT_EQ(hazards.size(), 1U);
    EXPECT_THAT(hazards[0].read_sections, ElementsAre(1));
}

TEST(BlockedReader, HowLongMayNotBeKnown) {
    Unloading scene;
    scene.lost(16, 17).section(10, {}).off_cpu = {{.at = 15, .until = {}, .voluntary = true}};
    const auto hazards = scene.find();
    ASSERT_EQ(hazards.size(), 1U);
    EXPECT_THAT(hazards[0].text, HasSubstr("for an unknown time"));
}

TEST(LongReader, WarningForEachFunctionTheWorstInTheText) {
    Unloading scene;
    scene.section(10, 110);
    scene.section(200, 299);
    scene.section(300, 700).tid = 900;

    const auto hazards = scene.find({.long_reader = 100});

    ASSERT_EQ(hazards.size(), 1U);
    EXPECT_EQ(hazards[0].kind, "long-reader");
    EXPECT_EQ(hazards[0].severity, "warning");
    EXPECT_EQ(hazards[0].at, 10);
    EXPECT_THAT(hazards[0].read_sections, ElementsAre(0, 2));
    EXPECT_EQ(hazards[0].text,
              "rcu_unload:reader had 2 read-side sections of 100 ns or longer, the longest of 400 ns, "
              "rcu_unload:reader+0x8 (task reader 900, CPU 1): a grace period that begins within it cannot end "
              "before it, so that callbacks and callers of synchronize_rcu() wait as long; leave the section and enter "
              "it again between portions of the work, or use SRCU.");
}

TEST(LongReader, OneThatIsOpenAtTheEndIsAsLongAsWasSeen) {
    Unloading scene;
    scene.stays().section(10, {});
    const auto hazards = scene.find({.long_reader = 990});
    ASSERT_EQ(hazards.size(), 1U);
    EXPECT_THAT(hazards[0].text, HasSubstr("the longest of 990 ns until the recording ended"));
    EXPECT_THAT(scene.find({.long_reader = 991}), IsEmpty());
}

TEST(LongReader, ACallThatIsSaidToBeASectionIsToldOnlyIfNoRealOneWithinItIs) {
    Unloading scene;
    scene.section(10, 200).by = SectionBy::function; // around the real one, which is long
    scene.section(20, 190);
    scene.section(300, 500).by = SectionBy::function; // around a short one
    scene.section(310, 320);
    scene.section(600, 800).by = SectionBy::function; // another task has the real one
    scene.section(610, 790).tid = 900;

    const auto hazards = scene.find({.long_reader = 100});

    ASSERT_EQ(hazards.size(), 1U);
    EXPECT_THAT(hazards[0].read_sections, ElementsAre(1, 2, 4, 5));
}

TEST(LongReader, NoneIfALossMayHideTheEnd) {
    Unloading scene;
    scene.stays().lost(500, 501).section(10, {});
    EXPECT_THAT(scene.find({.long_reader = 100}), IsEmpty());
}

TEST(LongReader, NoneIfTheModuleWentMeanwhile) {
    Unloading scene;
    scene.section(10, {});
    EXPECT_THAT(scene.find({.long_reader = 100}), IsEmpty());
}

TEST(LongReader, ALossDoesNotHideOneThatWasSeenToEnd) {
    Unloading scene;
    scene.lost(50, 51).section(10, 400);
    EXPECT_EQ(scene.find({.long_reader = 100}).size(), 1U);
}

} // namespace
} // namespace rcuscope::test
