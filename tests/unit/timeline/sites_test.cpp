// SPDX-License-Identifier: BSD-2-Clause
#include <gtest/gtest.h>

#include "growth.hpp"
#include "timeline/open_spans.hpp"
#include "timeline/scenario.hpp"

namespace rcuscope::test {
namespace {

using event::SwitchReason;

enum : std::size_t { lock, unlock, other_unlock, enter, leave, enter_inner, leave_inner };

Scenario with_sites() {
    Scenario scenario;
    scenario.has_site(SiteKind::read_lock, "demo_read", 0x10)
        .has_site(SiteKind::read_unlock, "demo_read", 0x20)
        .has_site(SiteKind::read_unlock, "demo_put", 0x8)
        .has_site(SiteKind::function_entry, "demo_read")
        .has_site(SiteKind::function_return, "demo_read", 0x30)
        .has_site(SiteKind::function_entry, "demo_inner")
        .has_site(SiteKind::function_return, "demo_inner", 0x44);
    return scenario;
}

TEST(ReadSections, LockAndUnlock) {
    const Timeline timeline = with_sites().task(1, "reader").cpu(1).site(10, lock).site(30, unlock).complete(99);

    ASSERT_EQ(timeline.read_sections.size(), 1U);
    const ReadSection& section = timeline.read_sections[0];
    EXPECT_EQ(section.tid, 100U);
    EXPECT_EQ(section.comm, "reader");
    EXPECT_EQ(section.cpu, 1U);
    EXPECT_EQ(section.begin, 10);
    EXPECT_EQ(section.end, 30);
    EXPECT_EQ(section.place.module, "rcu_demo");
    EXPECT_EQ(section.place.function, "demo_read");
    EXPECT_EQ(section.place.offset, 0x10U);
    EXPECT_EQ(section.nesting, 0U);
}

TEST(ReadSections, Nest) {
    const Timeline timeline =
        with_sites().site(10, lock).site(11, lock).site(12, unlock).site(13, unlock).site(14, lock).complete(99);

    ASSERT_EQ(timeline.read_sections.size(), 3U);
    EXPECT_EQ(timeline.read_sections[0].end, 13);
    EXPECT_EQ(timeline.read_sections[0].nesting, 0U);
    EXPECT_EQ(timeline.read_sections[1].end, 12);
    EXPECT_EQ(timeline.read_sections[1].nesting, 1U);
    EXPECT_EQ(timeline.read_sections[2].end, std::nullopt);
    EXPECT_EQ(timeline.read_sections[2].nesting, 0U);
}

TEST(ReadSections, MayEndInAnotherFunction) {
    const Timeline timeline = with_sites().site(10, lock).site(20, other_unlock).complete(99);
    EXPECT_EQ(timeline.read_sections.at(0).end, 20);
}

TEST(ReadSections, UnlockWithoutLockAndUnknownAddressesAreIgnored) {
    const Timeline timeline =
        with_sites().site(10, unlock).at(11, event::Site{.address = 0x77}).site(12, lock).complete(99);
    ASSERT_EQ(timeline.read_sections.size(), 1U);
    EXPECT_EQ(timeline.read_sections[0].nesting, 0U);
}

TEST(ReadSections, BelongToTheirTaskOnWhateverCpu) {
    const Timeline timeline =
        with_sites().tid(1).site(10, lock).tid(2).site(11, lock).cpu(1).tid(1).site(12, unlock).complete(99);
    EXPECT_EQ(timeline.read_sections.at(0).end, 12);
    EXPECT_EQ(timeline.read_sections.at(1).end, std::nullopt);
    EXPECT_EQ(timeline.read_sections.at(1).nesting, 0U);
}

TEST(ReadSections, IdleTasksOfTwoCpusAreTwoTasks) {
    const Timeline timeline =
        with_sites().tid(0).cpu(0).site(10, lock).cpu(1).site(11, lock).cpu(0).site(12, unlock).complete(99);
    EXPECT_EQ(timeline.read_sections.at(0).end, 12);
    EXPECT_EQ(timeline.read_sections.at(1).end, std::nullopt);
    EXPECT_EQ(timeline.read_sections.at(1).nesting, 0U);
}

TEST(ReadSections, ALossGivesUpWhatWasOpenOnItsCpu) {
    Scenario scenario = with_sites();
    scenario.tid(1).site(10, lock).cpu(1).tid(2).site(11, lock); // task 1 on CPU 0, task 2 on CPU 1
    scenario.cpu(0).tid(3).lost(12, 14, 5);
    scenario.tid(1).site(20, lock).site(21, unlock).site(22, unlock).cpu(1).tid(2).site(23, unlock);

    const Timeline timeline = scenario.complete(99);

    ASSERT_EQ(timeline.read_sections.size(), 3U);
    EXPECT_EQ(timeline.read_sections[0].end, std::nullopt);
    EXPECT_EQ(timeline.read_sections[1].end, 23);
    EXPECT_EQ(timeline.read_sections[2].end, 21);
    EXPECT_EQ(timeline.read_sections[2].nesting, 0U);
}

TEST(ReadSections, ALossReportedAgainGivesUpNothing) {
    const Timeline timeline = with_sites().lost(1, 2, 5).site(10, lock).lost(1, 2, 5).site(20, unlock).complete(99);
    EXPECT_EQ(timeline.read_sections.at(0).end, 20);
    EXPECT_EQ(timeline.capture.lost.size(), 1U);
}

TEST(ReadSections, ATaskThatMovedAwayKeepsWhatIsOpen) {
    // Task 1 was last seen on CPU 1, so a loss on CPU 0 cannot have hidden any of its records.
    Scenario scenario = with_sites();
    scenario.tid(1).site(10, lock).cpu(1).site(11, enter).cpu(0).tid(2).lost(12, 14, 5);
    scenario.cpu(1).tid(1).site(20, unlock);

    const Timeline timeline = scenario.complete(99);

    EXPECT_EQ(timeline.read_sections.at(0).end, 20);
}

TEST(ReadSections, SayWhenTheirTaskDidNotRun) {
    Scenario scenario = with_sites();
    scenario.tid(1).site(10, lock).site(11, lock).switch_out(12, SwitchReason::preempted);
    scenario.cpu(1).switch_in(15).site(16, unlock).switch_out(20, SwitchReason::blocked).switch_in(29).site(30, unlock);

    const Timeline timeline = scenario.complete(99);

    ASSERT_EQ(timeline.read_sections.size(), 2U);
    const auto& outer = timeline.read_sections[0].off_cpu;
    ASSERT_EQ(outer.size(), 2U);
    EXPECT_EQ(outer[0].at, 12);
    EXPECT_EQ(outer[0].until, 15);
    EXPECT_FALSE(outer[0].voluntary);
    EXPECT_EQ(outer[1].at, 20);
    EXPECT_EQ(outer[1].until, 29);
    EXPECT_TRUE(outer[1].voluntary);
    EXPECT_FALSE(outer[0].lock || outer[1].lock);
    const auto& inner = timeline.read_sections[1].off_cpu;
    ASSERT_EQ(inner.size(), 1U);
    EXPECT_EQ(inner[0].until, 15);
}

TEST(ReadSections, ATaskThatEndsWithinThemLeavesThemOpen) {
    Scenario scenario = with_sites();
    scenario.tid(1).site(10, lock).site(20, lock).site(30, lock).left(40, event::LeftKind::exit, 2);
    // Another task with the same number.
    scenario.site(50, lock).site(60, unlock);

    const Timeline timeline = scenario.complete(99);

    ASSERT_EQ(timeline.read_sections.size(), 4U);
    for (const std::size_t outer : {0U, 1U}) {
        EXPECT_EQ(timeline.read_sections[outer].left, SectionLeft::task_ended);
        EXPECT_TRUE(timeline.read_sections[outer].never_ended());
        EXPECT_EQ(timeline.read_sections[outer].known_end(), 40);
    }
    EXPECT_EQ(timeline.read_sections[2].left, SectionLeft::unseen_end);
    EXPECT_FALSE(timeline.read_sections[2].never_ended());
    EXPECT_EQ(timeline.read_sections[3].left, SectionLeft::no);
    EXPECT_EQ(timeline.read_sections[3].nesting, 0U);
    EXPECT_EQ(timeline.read_sections[3].end, 60);
}

TEST(ReadSections, UserModeIsNoPlaceToBeInOne) {
    Scenario scenario = with_sites();
    scenario.tid(1).site(10, lock).left(20, event::LeftKind::user, 1).left(30, event::LeftKind::user, 1);
    scenario.tid(2).left(35, event::LeftKind::user, 1).left(36, event::LeftKind::exit, 1);

    const Timeline timeline = scenario.complete(99);

    ASSERT_EQ(timeline.read_sections.size(), 1U);
    EXPECT_EQ(timeline.read_sections[0].left, SectionLeft::user_mode);
    EXPECT_EQ(timeline.read_sections[0].left_at, 20);
    EXPECT_EQ(timeline.read_sections[0].known_end(), std::nullopt);
}

TEST(ReadSections, AnInterruptOverAnIdleTaskThatLeavesOneOpen) {
    const Timeline timeline =
        with_sites().tid(0).site(10, lock).switch_out(20, SwitchReason::blocked).site(30, lock).complete(99);

    ASSERT_EQ(timeline.read_sections.size(), 2U);
    EXPECT_EQ(timeline.read_sections[0].left, SectionLeft::idle);
    EXPECT_EQ(timeline.read_sections[0].left_at, 20);
    EXPECT_TRUE(timeline.read_sections[0].off_cpu.empty());
    EXPECT_EQ(timeline.read_sections[1].nesting, 0U);
    EXPECT_EQ(timeline.read_sections[1].left, SectionLeft::no);
}

// The kernel's own sections are sent, too, and belong to no section of a module.
TEST(ReadSections, SwitchesOutsideOfThemAndOfOtherTasksAreIgnored) {
    Scenario scenario = with_sites();
    scenario.tid(1).switch_out(5, SwitchReason::blocked).switch_in(6).site(10, lock);
    scenario.tid(2).switch_out(11, SwitchReason::blocked).switch_in(12).tid(1).site(20, unlock);
    EXPECT_TRUE(scenario.complete(99).read_sections.at(0).off_cpu.empty());
}

TEST(ReadSections, AWaitForASleepingLockIsNeitherABlockNorAPreemption) {
    Scenario scenario = with_sites();
    scenario.tid(1).site(10, lock).switch_out(12, SwitchReason::lock).switch_in(15).site(16, unlock);

    const Timeline timeline = scenario.complete(99);

    const auto& off_cpu = timeline.read_sections.at(0).off_cpu;
    ASSERT_EQ(off_cpu.size(), 1U);
    EXPECT_TRUE(off_cpu[0].lock);
    EXPECT_FALSE(off_cpu[0].voluntary);
    EXPECT_EQ(off_cpu[0].until, 15);
}

TEST(ReadSections, AReturnToACpuThatWasMissedIsLeftOpen) {
    Scenario scenario = with_sites();
    scenario.tid(1)
        .site(10, lock)
        .switch_out(12, SwitchReason::blocked)
        .switch_out(20, SwitchReason::preempted)
        .switch_in(22)
        .site(30, unlock);

    const Timeline timeline = scenario.complete(99);

    const auto& off_cpu = timeline.read_sections.at(0).off_cpu;
    ASSERT_EQ(off_cpu.size(), 2U);
    EXPECT_EQ(off_cpu[0].until, std::nullopt);
    EXPECT_EQ(off_cpu[1].until, 22);
}

TEST(ReadSections, GivenUpByALossTheyAreNotSwitchedIn) {
    Scenario scenario = with_sites();
    scenario.tid(1).site(10, lock).switch_out(12, SwitchReason::blocked).tid(2).lost(13, 14, 5);
    scenario.cpu(1).tid(1).switch_in(20);

    const Timeline timeline = scenario.complete(99);

    const auto& off_cpu = timeline.read_sections.at(0).off_cpu;
    ASSERT_EQ(off_cpu.size(), 1U);
    EXPECT_EQ(off_cpu[0].until, std::nullopt);
}

enum : std::size_t { reads = leave_inner + 1, has_read };

// demo_inner is also a reader.
Scenario with_reader() {
    Scenario scenario = with_sites();
    scenario.has_site(SiteKind::reader_entry, "demo_inner").has_site(SiteKind::reader_return, "demo_inner");
    return scenario;
}

TEST(ReaderFunctions, EachCallIsASectionAndStillACall) {
    const Timeline timeline = with_reader().task(1, "reader").site(10, reads).site(30, has_read).complete(99);

    ASSERT_EQ(timeline.read_sections.size(), 1U);
    const ReadSection& section = timeline.read_sections[0];
    EXPECT_EQ(section.by, SectionBy::function);
    EXPECT_EQ(section.comm, "reader");
    EXPECT_EQ(section.begin, 10);
    EXPECT_EQ(section.end, 30);
    EXPECT_EQ(section.place.function, "demo_inner");
    EXPECT_EQ(section.place.offset, 0U);
    ASSERT_EQ(timeline.function_calls.size(), 1U);
    EXPECT_EQ(timeline.function_calls[0].end, 30);
}

TEST(ReaderFunctions, WithoutCallsAreSectionsOnly) {
    Scenario scenario;
    scenario.has_site(SiteKind::reader_entry, "demo_inner").has_site(SiteKind::reader_return, "demo_inner");
    const Timeline timeline = scenario.site(10, 0).site(12, 0).site(20, 1).site(30, 1).complete(99);
    ASSERT_EQ(timeline.read_sections.size(), 2U);
    EXPECT_EQ(timeline.read_sections[0].end, 30);
    EXPECT_EQ(timeline.read_sections[1].end, 20);
    EXPECT_EQ(timeline.read_sections[1].nesting, 1U);
    EXPECT_TRUE(timeline.function_calls.empty());
}

TEST(ReaderFunctions, ARealSectionKeepsItsEndWhicheverEndsFirst) {
    Scenario scenario = with_reader();
    scenario.site(10, reads).site(12, lock).site(14, unlock).site(20, has_read); // the usual order
    scenario.site(30, reads).site(32, lock).site(34, has_read).site(36, unlock); // the section outlives the call

    const Timeline timeline = scenario.complete(99);

    ASSERT_EQ(timeline.read_sections.size(), 4U);
    EXPECT_EQ(timeline.read_sections[0].end, 20);
    EXPECT_EQ(timeline.read_sections[0].nesting, 0U);
    EXPECT_EQ(timeline.read_sections[1].by, SectionBy::rcu_read_lock);
    EXPECT_EQ(timeline.read_sections[1].end, 14);
    EXPECT_EQ(timeline.read_sections[1].nesting, 1U);
    EXPECT_EQ(timeline.read_sections[2].end, 34);
    EXPECT_EQ(timeline.read_sections[3].end, 36);
}

TEST(ReaderFunctions, AreLeftOpenByALossAndSayWhenTheirTaskDidNotRun) {
    Scenario scenario = with_reader();
    scenario.tid(1).site(10, reads).switch_out(12, SwitchReason::preempted).switch_in(15).tid(2).lost(16, 17, 5);
    scenario.tid(1).site(20, has_read);

    const Timeline timeline = scenario.complete(99);

    ASSERT_EQ(timeline.read_sections.size(), 1U);
    EXPECT_EQ(timeline.read_sections[0].end, std::nullopt);
    ASSERT_EQ(timeline.read_sections[0].off_cpu.size(), 1U);
    EXPECT_EQ(timeline.read_sections[0].off_cpu[0].until, 15);
}

TEST(Sites, MoveWithTheirModule) {
    Scenario scenario = with_sites();
    scenario.symbols.clear();
    ModuleInfo module;
    module.name = "rcu_demo";
    module.functions = {{.name = "demo_read", .section = ".text", .offset = 0x100, .size = 0x50}};
    scenario.metadata.modules = {module};
    scenario.at(5, event::ModuleSection{.module = "rcu_demo", .section = ".text", .address = 0xffff1000});
    scenario.at(10, event::Site{.address = 0xffff1110}).at(11, event::Site{.address = 0xffff1120});
    scenario.at(15, event::ModuleSection{.module = "rcu_demo", .section = ".text", .address = 0xeeee1000});
    scenario.at(20, event::Site{.address = 0xffff1110}).at(21, event::Site{.address = 0xeeee1110});

    const Timeline timeline = scenario.complete(99);

    ASSERT_EQ(timeline.read_sections.size(), 2U);
    EXPECT_EQ(timeline.read_sections[0].place.address, 0xffff1110U);
    EXPECT_EQ(timeline.read_sections[0].place.offset, 0x10U);
    EXPECT_EQ(timeline.read_sections[0].end, 11);
    EXPECT_EQ(timeline.read_sections[1].begin, 21);
}

TEST(Sites, AnEntryMayBeProbedBehindItsEndbr) {
    Scenario scenario = with_sites();
    scenario.symbols.push_back({.address = 0x88, .name = "demo_inner", .offset = 4, .module = "rcu_demo"});
    const Timeline timeline = scenario.at(10, event::Site{.address = 0x88}).complete(99);
    EXPECT_EQ(timeline.function_calls.at(0).function.function, "demo_inner");
    EXPECT_EQ(timeline.function_calls.at(0).function.offset, 0U);
}

TEST(FunctionCalls, EntryAndReturn) {
    const Timeline timeline = with_sites().task(1, "caller").site(10, enter).site(20, leave).complete(99);

    ASSERT_EQ(timeline.function_calls.size(), 1U);
    EXPECT_EQ(timeline.function_calls[0].function.function, "demo_read");
    EXPECT_EQ(timeline.function_calls[0].comm, "caller");
    EXPECT_EQ(timeline.function_calls[0].begin, 10);
    EXPECT_EQ(timeline.function_calls[0].end, 20);
}

// The probe is behind the entry, where a section may begin; and a function may return at the same instruction.
TEST(FunctionCalls, AtPlacesWithinTheFunction) {
    Scenario scenario;
    scenario.has_site(SiteKind::function_entry, "demo_get", 0x10)
        .has_site(SiteKind::function_return, "demo_get", 0x30)
        .has_site(SiteKind::read_lock, "demo_get", 0x10)
        .has_site(SiteKind::read_unlock, "demo_get", 0x20)
        .has_site(SiteKind::function_entry, "demo_free", 0x8)
        .has_site(SiteKind::function_return, "demo_free", 0x8);
    const Timeline timeline = scenario.site(10, 0).site(20, 3).site(30, 1).site(40, 4).complete(99);

    ASSERT_EQ(timeline.function_calls.size(), 2U);
    EXPECT_EQ(timeline.function_calls[0].function.function, "demo_get");
    EXPECT_EQ(timeline.function_calls[0].function.offset, 0U);
    EXPECT_EQ(timeline.function_calls[0].begin, 10);
    EXPECT_EQ(timeline.function_calls[0].end, 30);
    EXPECT_EQ(timeline.function_calls[1].function.function, "demo_free");
    EXPECT_EQ(timeline.function_calls[1].begin, 40);
    EXPECT_EQ(timeline.function_calls[1].end, 40);
    ASSERT_EQ(timeline.read_sections.size(), 1U);
    EXPECT_EQ(timeline.read_sections[0].place.offset, 0x10U);
    EXPECT_EQ(timeline.read_sections[0].begin, 10);
    EXPECT_EQ(timeline.read_sections[0].end, 20);
}

TEST(FunctionCalls, RecursionReturnsInnermostFirst) {
    const Timeline timeline =
        with_sites().site(10, enter).site(11, enter).site(12, leave).site(13, leave).site(14, leave).complete(99);
    ASSERT_EQ(timeline.function_calls.size(), 2U);
    EXPECT_EQ(timeline.function_calls[0].end, 13);
    EXPECT_EQ(timeline.function_calls[1].end, 12);
}

TEST(FunctionCalls, AReturnEndsWhatWasCalledInside) {
    // The inner return was missed; the next one belongs to another call.
    Scenario scenario = with_sites();
    scenario.site(10, enter).site(11, enter_inner).site(12, leave).site(13, leave_inner);

    const Timeline timeline = scenario.complete(99);

    EXPECT_EQ(timeline.function_calls.at(0).end, 12);
    EXPECT_EQ(timeline.function_calls.at(1).end, std::nullopt);
}

TEST(FunctionCalls, AReturnOfAnotherFunctionMatchesNothing) {
    const Timeline timeline = with_sites().site(10, enter).site(11, leave_inner).site(12, leave).complete(99);
    ASSERT_EQ(timeline.function_calls.size(), 1U);
    EXPECT_EQ(timeline.function_calls[0].end, 12);
}

// If ends are missed repeatedly, the number of open sections of a task is limited, because every switch affects each
// of them.
TEST(ReadSections, AreNotOpenWithoutNumber) {
    Scenario scenario = with_sites();
    constexpr Nanoseconds many = 1000;
    for (Nanoseconds i = 0; i < many; i++)
        scenario.site(i, lock);
    for (Nanoseconds i = 0; i < many; i++)
        scenario.switch_out(many + 2 * i, SwitchReason::preempted).switch_in(many + 2 * i + 1);
    scenario.site(5000, unlock).site(5001, unlock);

    const Timeline timeline = scenario.complete(9999);

    ASSERT_EQ(timeline.read_sections.size(), 1000U);
    EXPECT_EQ(timeline.read_sections[999].end, 5000);
    EXPECT_EQ(timeline.read_sections[998].end, 5001);
    std::size_t off_cpu = 0;
    for (const ReadSection& section : timeline.read_sections)
        off_cpu += section.off_cpu.size();
    EXPECT_EQ(off_cpu, 8 * 1000U); // each switch counts for the newest sections
}

// If modules are loaded repeatedly, old information must cost no time.
TEST(ReadSections, TimeGrowsAsTheRecordsDoWhereModulesComeAgainAndAgain) {
    const auto take = [](std::size_t size) {
        Scenario scenario = with_sites();
        for (std::size_t i = 0; i < size; i++)
            scenario.at(static_cast<Nanoseconds>(i), event::Site{.address = 0x1000 + i});
        for (std::size_t i = 0; i < size; i++) {
            const auto at = static_cast<Nanoseconds>(size + i);
            scenario.at(at, event::ModuleSection{.module = "other", .section = ".text", .address = 0x10});
            scenario.at(at, event::Site{.address = 0x77});
        }
        (void)scenario.complete(static_cast<Nanoseconds>(4 * size));
    };
    EXPECT_LT(growth(1000, take), far_from_linear);
}

} // namespace
} // namespace rcuscope::test
