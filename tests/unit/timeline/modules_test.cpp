// SPDX-License-Identifier: BSD-2-Clause
#include <cerrno>
#include <gtest/gtest.h>

#include "timeline/scenario.hpp"

namespace rcuscope::test {
namespace {

using event::ModuleStep;

Scenario with_exit_function() {
    Scenario scenario;
    ModuleInfo module;
    module.name = "rcu_demo";
    module.exit_function = "demo_exit";
    scenario.metadata.modules = {module};
    scenario.metadata.followed = {"rcu_demo"};
    scenario.has_site(SiteKind::function_entry, "demo_exit").has_site(SiteKind::function_return, "demo_exit");
    scenario.has_site(SiteKind::function_entry, "demo_read");
    return scenario;
}

TEST(Modules, AWholeLife) {
    Scenario scenario = with_exit_function();
    scenario.module(10, ModuleStep::coming, "rcu_demo").module(20, ModuleStep::live, "rcu_demo");
    scenario.site(25, 2).site(30, 0).site(40, 1);
    scenario.module(50, ModuleStep::freeing, "rcu_demo").module(60, ModuleStep::freed, "rcu_demo");

    const Timeline timeline = scenario.complete(99);

    ASSERT_EQ(timeline.modules.size(), 1U);
    const ModuleLife& life = timeline.modules[0];
    EXPECT_EQ(life.name, "rcu_demo");
    EXPECT_TRUE(life.followed);
    EXPECT_EQ(life.loaded, 10);
    EXPECT_EQ(life.init_done, 20);
    EXPECT_EQ(life.init_error, std::nullopt);
    EXPECT_EQ(life.exit, 30);
    EXPECT_EQ(life.exit_done, 40);
    EXPECT_EQ(life.free_begin, 50);
    EXPECT_EQ(life.freed, 60);
}

TEST(Modules, LoadedTwiceHasTwoLives) {
    Scenario scenario = with_exit_function();
    scenario.module(10, ModuleStep::coming, "rcu_demo")
        .site(11, 0)
        .site(12, 1)
        .module(20, ModuleStep::freed, "rcu_demo");
    scenario.module(30, ModuleStep::coming, "rcu_demo").site(31, 0).site(32, 1);

    const Timeline timeline = scenario.complete(99);

    ASSERT_EQ(timeline.modules.size(), 2U);
    EXPECT_EQ(timeline.modules[0].exit, 11);
    EXPECT_EQ(timeline.modules[0].freed, 20);
    EXPECT_EQ(timeline.modules[1].loaded, 30);
    EXPECT_EQ(timeline.modules[1].exit_done, 32);
    EXPECT_EQ(timeline.modules[1].freed, std::nullopt);
}

TEST(Modules, ALifeWhoseEndWasMissedEndsWithTheNext) {
    const Timeline timeline = Scenario()
                                  .module(10, ModuleStep::coming, "other")
                                  .module(30, ModuleStep::coming, "other")
                                  .module(40, ModuleStep::freed, "other")
                                  .complete(99);

    ASSERT_EQ(timeline.modules.size(), 2U);
    EXPECT_FALSE(timeline.modules[0].followed);
    EXPECT_EQ(timeline.modules[0].freed, std::nullopt);
    EXPECT_EQ(timeline.modules[1].freed, 40);
}

TEST(Modules, AFailedInit) {
    const Timeline timeline = Scenario()
                                  .module(10, ModuleStep::coming, "other")
                                  .module(20, ModuleStep::failed, "other", -12)
                                  .module(25, ModuleStep::freed, "other")
                                  .complete(99);
    EXPECT_EQ(timeline.modules.at(0).init_done, 20);
    EXPECT_EQ(timeline.modules.at(0).init_error, -12);
    EXPECT_EQ(timeline.modules.at(0).freed, 25);
}

TEST(Modules, TheReturnOfTheInitFunctionIsBetterThanThatOfDoInitModule) {
    const Timeline good = Scenario()
                              .module(10, ModuleStep::coming, "other")
                              .module(18, ModuleStep::init_done, "other", 0)
                              .module(20, ModuleStep::live, "other")
                              .complete(99);
    ASSERT_EQ(good.modules.size(), 1U);
    EXPECT_EQ(good.modules[0].init_done, 18);
    EXPECT_EQ(good.modules[0].init_error, std::nullopt);

    const Timeline failed = Scenario()
                                .module(10, ModuleStep::coming, "other")
                                .module(12, ModuleStep::init_done, "other", -12)
                                .pending(12, ModuleStep::init_done, "other", 3)
                                .module(18, ModuleStep::exited, "other")
                                .pending(18, ModuleStep::exited, "other", 0)
                                .module(20, ModuleStep::freeing, "other")
                                .module(25, ModuleStep::freed, "other")
                                .module(26, ModuleStep::failed, "other", -12)
                                .complete(99);
    ASSERT_EQ(failed.modules.size(), 1U);
    EXPECT_EQ(failed.modules[0].init_done, 12);
    EXPECT_EQ(failed.modules[0].init_error, -12);
    EXPECT_EQ(failed.modules[0].pending_at_exit, 3U);
    EXPECT_EQ(failed.modules[0].freed, 25);
}

TEST(Modules, LoadedBeforeTheRecordingHasOnlyLaterTimes) {
    Scenario scenario = with_exit_function();
    scenario.site(5, 1).site(10, 0).site(12, 1).module(20, ModuleStep::freeing, "rcu_demo");

    const Timeline timeline = scenario.cut_off();

    ASSERT_EQ(timeline.modules.size(), 1U);
    EXPECT_EQ(timeline.modules[0].loaded, std::nullopt);
    EXPECT_EQ(timeline.modules[0].exit, 10);
    EXPECT_EQ(timeline.modules[0].exit_done, 12);
    EXPECT_EQ(timeline.modules[0].free_begin, 20);
    EXPECT_EQ(timeline.modules[0].freed, std::nullopt);
}

TEST(Modules, WithoutAnExitFunctionNoSiteIsTheExit) {
    Scenario scenario = with_exit_function();
    scenario.metadata.modules[0].exit_function.clear();
    EXPECT_TRUE(scenario.site(10, 0).complete(99).modules.empty());
}

TEST(Modules, WhatIsPendingIsToldAtEachStepOfItsGoing) {
    const Timeline timeline = Scenario()
                                  .module(10, ModuleStep::coming, "other")
                                  .module(20, ModuleStep::live, "other")
                                  .module(30, ModuleStep::unloading, "other")
                                  .module(40, ModuleStep::exited, "other")
                                  .pending(40, ModuleStep::exited, "other", 12)
                                  .module(50, ModuleStep::freeing, "other")
                                  .pending(50, ModuleStep::freeing, "other", 7)
                                  .module(60, ModuleStep::freed, "other")
                                  .pending(60, ModuleStep::freed, "other", 0)
                                  .complete(99);

    ASSERT_EQ(timeline.modules.size(), 1U);
    EXPECT_EQ(timeline.modules[0].exit_done, 40);
    EXPECT_EQ(timeline.modules[0].pending_at_exit, 12U);
    EXPECT_EQ(timeline.modules[0].pending_at_free, 7U);
    EXPECT_EQ(timeline.modules[0].pending_at_freed, 0U);
}

TEST(Modules, WhatIsPendingBelongsToTheNewestLife) {
    const Timeline timeline = Scenario()
                                  .module(10, ModuleStep::coming, "other")
                                  .module(20, ModuleStep::freed, "other")
                                  .module(30, ModuleStep::coming, "other")
                                  .module(40, ModuleStep::freeing, "other")
                                  .pending(40, ModuleStep::freeing, "other", 7)
                                  .complete(99);

    ASSERT_EQ(timeline.modules.size(), 2U);
    EXPECT_EQ(timeline.modules[0].pending_at_free, std::nullopt);
    EXPECT_EQ(timeline.modules[1].pending_at_free, 7U);
    EXPECT_EQ(timeline.modules[1].pending_at_exit, std::nullopt);
}

TEST(Modules, AFailedInitTellsWhatIsPendingWithoutAnExit) {
    const Timeline timeline = Scenario()
                                  .module(10, ModuleStep::coming, "other")
                                  .module(20, ModuleStep::freeing, "other")
                                  .pending(20, ModuleStep::freeing, "other", 3)
                                  .module(25, ModuleStep::freed, "other")
                                  .pending(25, ModuleStep::freed, "other", 2)
                                  .module(30, ModuleStep::failed, "other", -12)
                                  .complete(99);

    ASSERT_EQ(timeline.modules.size(), 1U);
    EXPECT_EQ(timeline.modules[0].exit, std::nullopt);
    EXPECT_EQ(timeline.modules[0].pending_at_exit, std::nullopt);
    EXPECT_EQ(timeline.modules[0].pending_at_free, 3U);
    EXPECT_EQ(timeline.modules[0].pending_at_freed, 2U);
}

TEST(Modules, RefusalsAreNoExit) {
    const Timeline timeline = Scenario()
                                  .module(10, ModuleStep::coming, "other")
                                  .module(20, ModuleStep::unloading, "other")
                                  .module(21, ModuleStep::refused, "other", -EWOULDBLOCK)
                                  .module(30, ModuleStep::unloading, "other")
                                  .module(31, ModuleStep::refused, "other", -EBUSY)
                                  .complete(99);

    ASSERT_EQ(timeline.modules.size(), 1U);
    const ModuleLife& life = timeline.modules[0];
    ASSERT_EQ(life.refusals.size(), 2U);
    EXPECT_EQ(life.refusals[0].at, 21);
    EXPECT_EQ(life.refusals[0].error, -EWOULDBLOCK);
    EXPECT_EQ(life.refusals[1].at, 31);
    EXPECT_EQ(life.exit, std::nullopt);
}

TEST(Modules, WhoeverIsRefusedMeanwhileTakesNothingFromTheOneWhoWasGrantedIt) {
    const Timeline timeline = Scenario()
                                  .module(10, ModuleStep::coming, "other")
                                  .module(20, ModuleStep::unloading, "other")
                                  .module(22, ModuleStep::unloading, "other")
                                  .module(23, ModuleStep::refused, "other", -EBUSY)
                                  .module(30, ModuleStep::exited, "other")
                                  .complete(99);

    ASSERT_EQ(timeline.modules.size(), 1U);
    EXPECT_EQ(timeline.modules[0].exit, 20);
    EXPECT_EQ(timeline.modules[0].exit_done, 30);
    EXPECT_EQ(timeline.modules[0].refusals.size(), 1U);
}

// The task that unloaded it is woken once more after its memory is freed, and another task asks too early to unload
// the next life.
TEST(Modules, AWakeupAfterTheEndMakesNoLife) {
    Scenario scenario = with_exit_function();
    scenario.module(10, ModuleStep::coming, "rcu_demo").module(20, ModuleStep::live, "rcu_demo");
    scenario.module(50, ModuleStep::freeing, "rcu_demo").module(60, ModuleStep::freed, "rcu_demo");
    scenario.woken(61, "rcu_demo", 0).module(62, ModuleStep::unloading, "rcu_demo");
    scenario.module(63, ModuleStep::refused, "rcu_demo", -EBUSY).module(70, ModuleStep::coming, "rcu_demo");

    const Timeline timeline = scenario.complete(99);

    ASSERT_EQ(timeline.modules.size(), 2U);
    EXPECT_EQ(timeline.modules[1].loaded, 70);
    EXPECT_EQ(timeline.modules[1].refusals.size(), 1U);
}

// The kernel also refuses rmmod of a module that does not exist.
TEST(Modules, ARefusalMakesAModuleOnlyIfItSaysThatItIsThere) {
    const Timeline timeline = Scenario()
                                  .module(20, ModuleStep::unloading, "nowhere")
                                  .module(21, ModuleStep::refused, "nowhere", -ENOENT)
                                  .module(30, ModuleStep::unloading, "there_before")
                                  .module(31, ModuleStep::refused, "there_before", -EWOULDBLOCK)
                                  .complete(99);

    ASSERT_EQ(timeline.modules.size(), 1U);
    EXPECT_EQ(timeline.modules[0].name, "there_before");
    EXPECT_EQ(timeline.modules[0].loaded, std::nullopt);
}

// Two tasks load it at the same time, and a third asks to unload it meanwhile.
TEST(Modules, WhoeverIsRefusedWhileItIsLoadedIsRefusedTheLifeToCome) {
    const Timeline timeline = Scenario()
                                  .module(10, ModuleStep::unloading, "other")
                                  .module(11, ModuleStep::refused, "other", -EBUSY)
                                  .module(20, ModuleStep::coming, "other")
                                  .module(30, ModuleStep::freed, "other")
                                  .module(40, ModuleStep::unloading, "other")
                                  .module(41, ModuleStep::refused, "other", -EBUSY)
                                  .module(50, ModuleStep::coming, "other")
                                  .complete(99);

    ASSERT_EQ(timeline.modules.size(), 2U);
    for (const ModuleLife& life : timeline.modules) {
        EXPECT_NE(life.loaded, std::nullopt);
        ASSERT_EQ(life.refusals.size(), 1U);
        EXPECT_EQ(life.refusals[0].at, *life.loaded - 9);
    }
    EXPECT_EQ(timeline.modules[1].exit, std::nullopt);
}

// A load that fails before the init function, or a module that was loaded before and has no exit function.
TEST(Modules, ARefusalOfALoadThatWasNotSeenMakesNoLife) {
    const Timeline timeline = Scenario()
                                  .module(10, ModuleStep::unloading, "other")
                                  .module(11, ModuleStep::refused, "other", -EBUSY)
                                  .complete(99);

    EXPECT_TRUE(timeline.modules.empty());
}

// free_module() removes the name from the list and then waits for a grace period.
TEST(Modules, AnotherOfItsNameMayComeBeforeItsMemoryIsGone) {
    const Timeline timeline = Scenario()
                                  .module(10, ModuleStep::coming, "other", 0, 0x1000)
                                  .module(20, ModuleStep::freeing, "other", 0, 0x1000)
                                  .module(30, ModuleStep::coming, "other", 0, 0x8000)
                                  .module(40, ModuleStep::freed, "other", 0, 0x1000)
                                  .module(50, ModuleStep::freeing, "other", 0, 0x8000)
                                  .module(60, ModuleStep::freed, "other", 0, 0x8000)
                                  .complete(99);

    ASSERT_EQ(timeline.modules.size(), 2U);
    EXPECT_EQ(timeline.modules[0].loaded, 10);
    EXPECT_EQ(timeline.modules[0].freed, 40);
    EXPECT_EQ(timeline.modules[1].loaded, 30);
    EXPECT_EQ(timeline.modules[1].free_begin, 50);
    EXPECT_EQ(timeline.modules[1].freed, 60);
}

TEST(Modules, ReferencesSayWhoTookThem) {
    Scenario scenario;
    scenario.symbols.push_back({.address = Scenario::caller, .name = "refs_get", .offset = 0x11, .module = "other"});
    const Timeline timeline = scenario.module(10, ModuleStep::coming, "other")
                                  .cpu(3)
                                  .task(11, "opener")
                                  .reference(12, "other", true, 2)
                                  .reference(13, "other", false, 1)
                                  .module(20, ModuleStep::freed, "other")
                                  .module(30, ModuleStep::coming, "other")
                                  .reference(31, "other", true, 1)
                                  .complete(99);

    ASSERT_EQ(timeline.modules.size(), 2U);
    ASSERT_EQ(timeline.modules[0].references.size(), 2U);
    const ModuleLife::Reference& taken = timeline.modules[0].references[0];
    EXPECT_EQ(taken.at, 12);
    EXPECT_TRUE(taken.taken);
    EXPECT_EQ(taken.count, 2);
    EXPECT_EQ(taken.cpu, 3U);
    EXPECT_EQ(taken.tid, 100U);
    EXPECT_EQ(taken.comm, "opener");
    EXPECT_EQ(location_name(taken.caller, true), "other:refs_get+0x11");
    EXPECT_FALSE(timeline.modules[0].references[1].taken);
    EXPECT_EQ(timeline.modules[1].references.size(), 1U);
}

TEST(Modules, TheMemoryOfInitCodeGoesInALifeThatGoesOn) {
    const Timeline timeline = with_exit_function()
                                  .module(10, ModuleStep::coming, "rcu_demo")
                                  .module(20, ModuleStep::live, "rcu_demo")
                                  .module(30, ModuleStep::init_freed, "rcu_demo")
                                  .module(50, ModuleStep::freeing, "rcu_demo")
                                  .module(60, ModuleStep::freed, "rcu_demo")
                                  .module(70, ModuleStep::init_freed, "rcu_demo")
                                  .complete(99);

    ASSERT_EQ(timeline.modules.size(), 1U);
    EXPECT_EQ(timeline.modules[0].init_freed, 30);
}

TEST(Modules, ProbesAreRemovedBetweenTheExitAndTheMemory) {
    const Timeline timeline = with_exit_function()
                                  .module(5, ModuleStep::unprobing, "rcu_demo")
                                  .module(10, ModuleStep::coming, "rcu_demo")
                                  .module(20, ModuleStep::live, "rcu_demo")
                                  .module(40, ModuleStep::unprobing, "rcu_demo")
                                  .module(45, ModuleStep::unprobed, "rcu_demo")
                                  .module(50, ModuleStep::freeing, "rcu_demo")
                                  .module(60, ModuleStep::freed, "rcu_demo")
                                  .module(70, ModuleStep::unprobed, "rcu_demo")
                                  .complete(99);

    ASSERT_EQ(timeline.modules.size(), 1U);
    EXPECT_EQ(timeline.modules[0].unprobing, 40);
    EXPECT_EQ(timeline.modules[0].unprobed, 45);
}

TEST(Modules, WhoGoesOnWhichTaskAndWhatWakesIt) {
    Scenario scenario = with_exit_function();
    scenario.module(10, ModuleStep::coming, "rcu_demo").tid(7).module(30, ModuleStep::unloading, "rcu_demo");
    scenario.woken(35, "rcu_demo", 0).woken(36, "rcu_demo", 0xaed).module(40, ModuleStep::exited, "rcu_demo");
    const Timeline timeline = scenario.complete(99);

    ASSERT_EQ(timeline.modules.size(), 1U);
    const ModuleLife& life = timeline.modules[0];
    EXPECT_EQ(life.going_tid, 7U);
    ASSERT_EQ(life.exit_wakeups.size(), 2U);
    EXPECT_EQ(life.exit_wakeups[0].head, 0U);
    EXPECT_EQ(life.exit_wakeups[1].at, 36);
    EXPECT_EQ(life.exit_wakeups[1].head, 0xaedU);
}

// kfree_rcu() and call_rcu() as the last statement of an exit function are tail calls.
TEST(Modules, WhatAnExitFunctionJumpsToItCalls) {
    Scenario scenario = with_exit_function();
    constexpr std::uint64_t delete_module = 0xd317;
    scenario.symbols.push_back(
        {.address = delete_module, .name = "__do_sys_delete_module", .offset = 0x17, .module = ""});
    const auto free = [&](Nanoseconds at) { scenario.at(at, event::KvfreeRcu{.object = 1, .caller = delete_module}); };
    scenario.module(10, ModuleStep::coming, "rcu_demo");
    free(20);
    scenario.module(30, ModuleStep::unloading, "rcu_demo");
    free(32);
    scenario.at(33, event::CbQueued{.head = 1, .func = Scenario::func, .caller = delete_module});
    scenario.module(40, ModuleStep::exited, "rcu_demo");
    free(50);
    const Timeline timeline = scenario.complete(99);

    ASSERT_EQ(timeline.kvfree_calls.size(), 3U);
    EXPECT_EQ(location_name(timeline.kvfree_calls[0].caller, false), "__do_sys_delete_module");
    EXPECT_EQ(location_name(timeline.kvfree_calls[1].caller, false), "rcu_demo:demo_exit");
    EXPECT_EQ(location_name(timeline.kvfree_calls[2].caller, false), "__do_sys_delete_module");
    EXPECT_EQ(location_name(timeline.callbacks.at(0).caller, false), "rcu_demo:demo_exit");
}

// The return address belongs to the caller of the function that made the tail call.
TEST(Modules, ACallerThatIsNotCertainIsNotGiven) {
    Scenario scenario = with_exit_function();
    scenario.symbols.push_back({.address = 0x71, .name = "call_timer_fn", .offset = 0x27, .module = ""});
    scenario.at(33, event::CbQueued{.head = 1, .func = Scenario::func, .caller = 0x71, .jumped = true});
    EXPECT_FALSE(scenario.complete(99).callbacks.at(0).caller->known());
}

} // namespace
} // namespace rcuscope::test
