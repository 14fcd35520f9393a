// SPDX-License-Identifier: BSD-2-Clause
//
// Tests the hazards of unloading a module while its callbacks are pending.
#include <algorithm>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <tuple>

#include "analysis/recording.hpp"
#include "growth.hpp"

namespace rcuscope::test {
namespace {

using event::WaitKind;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

TEST(UnloadHazard, NoneIfEverythingRanBefore) {
    EXPECT_THAT(Unloading().callback(10, 100, 101).callback(400, 479, 480).wait(WaitKind::rcu_barrier, 410, 479).find(),
                IsEmpty());
}

TEST(UnloadHazard, NoneIfTheModuleStays) {
    EXPECT_THAT(Unloading().stays().callback(10).find(), IsEmpty());
}

TEST(UnloadHazard, FatalIfTheyRanTooLateOrNever) {
    Unloading scene;
    scene.callback(10, 100, 101).callback(490, 601, 602).callback(492);
    const Hazard hazard = only(scene);

    EXPECT_EQ(hazard.kind, "freed-with-pending-callbacks");
    EXPECT_EQ(hazard.severity, "fatal");
    EXPECT_EQ(hazard.module, "rcu_unload");
    EXPECT_EQ(hazard.at, 600);
    EXPECT_THAT(hazard.callbacks, ElementsAre(2, 3));
    EXPECT_EQ(hazard.text,
              "rcu_unload was freed while 2 of its callbacks (rcu_unload:node_free), queued in "
              "rcu_unload:writer_fn+0x12 (CPU 0, task writer), had not run, so that they run code that is freed: "
              "call rcu_barrier() in its exit function, after the last call_rcu(), and before it frees anything that "
              "the callbacks use.");
}

TEST(UnloadHazard, LastsFromTheExitFunctionToTheLastCallback) {
    Unloading scene;
    scene.callback(10, 100, 101).callback(470, 601, 602);
    EXPECT_EQ(only(scene).life, 0U);
    EXPECT_EQ(only(scene).from, 480);
    EXPECT_EQ(only(scene).to, 602);
    scene.callback(475); // it never ran
    EXPECT_EQ(only(scene).to, 1000);
}

TEST(UnloadHazard, LastsUntilTheFreeIfNoCallbackIsRecorded) {
    Unloading scene;
    scene.lost(450, 460).counted(2, 2, 2);
    EXPECT_EQ(only(scene).from, 480);
    EXPECT_EQ(only(scene).to, 600);
}

TEST(UnloadHazard, IsOfTheLifeInWhichItWas) {
    Unloading scene;
    ModuleLife earlier = scene.life();
    earlier.loaded = -100;
    earlier.init_done = -90;
    earlier.exit = -50;
    earlier.exit_done = -40;
    earlier.free_begin = -30;
    earlier.freed = -20;
    scene.timeline.modules.insert(scene.timeline.modules.begin(), earlier);
    scene.callback(490, 601, 602);
    EXPECT_EQ(only(scene).life, 1U);
}

TEST(ReaderHazard, IsOfTheLifeInWhichItWas) {
    Unloading scene;
    scene.section(100, 150).off_cpu = {{.at = 110, .until = 120, .voluntary = true}};
    const Hazard hazard = only(scene);
    EXPECT_EQ(hazard.kind, "blocked-in-reader");
    EXPECT_EQ(hazard.life, 0U);
    EXPECT_EQ(hazard.from, std::nullopt);
    scene.life().loaded = 140;
    EXPECT_EQ(only(scene).life, std::nullopt);
}

TEST(UnloadHazard, FatalIfOneStillRunsWhenTheMemoryIsGone) {
    Unloading scene;
    scene.callback(10, 599, 601);
    const Hazard hazard = only(scene);
    EXPECT_EQ(hazard.kind, "freed-with-pending-callbacks");
    EXPECT_EQ(hazard.severity, "fatal");
    EXPECT_THAT(hazard.text, HasSubstr("had not run to completion"));
}

TEST(UnloadHazard, OfOtherModulesCallbacksNone) {
    EXPECT_THAT(Unloading().callback(490, 700, 701, "f", "other").callback(490, 700, 701, "f", "").find(), IsEmpty());
}

TEST(UnloadHazard, LatentIfTheyRanBetweenTheExitAndTheEndOfTheMemory) {
    Unloading scene;
    scene.callback(450, 490, 491).callback(451, 550, 551);
    const Hazard hazard = only(scene);

    EXPECT_EQ(hazard.kind, "exit-without-barrier");
    EXPECT_EQ(hazard.severity, "latent");
    EXPECT_EQ(hazard.at, 480);
    EXPECT_THAT(hazard.callbacks, ElementsAre(1, 2));
    EXPECT_EQ(hazard.text,
              "the exit function of rcu_unload had returned while 2 of its callbacks (rcu_unload:node_free), queued in "
              "rcu_unload:writer_fn+0x12 (CPU 0, task writer), had not run; they were done 49 ns before its memory was "
              "freed, by chance, since "
              "1 of them ran before free_module() was entered and 1 in free_module(), which did not wait then: call "
              "rcu_barrier() in its exit function, after the last call_rcu(), and before it frees anything that the "
              "callbacks use.");
}

// The kernel removed the tracer's probes from 485 to 495. Without probes the memory would have been freed at 590.
TEST(UnloadHazard, SaysWhatWouldHaveBeenTooLateWithoutTheProbes) {
    Unloading scene;
    scene.life().unprobing = 485;
    scene.life().unprobed = 495;
    scene.callback(450, 488, 489).callback(451, 580, 590).callback(452, 588, 591).callback(453, 592, 593);
    const Hazard hazard = only(scene);

    EXPECT_EQ(hazard.severity, "latent") << "it is what happened";
    EXPECT_THAT(hazard.text,
                HasSubstr("; without the tracer's probes, which the kernel took 10 ns to remove meanwhile, 2 "
                          "of them would have been too late: call rcu_barrier()"));
    EXPECT_EQ(scene.found().late_without_probes, 2U);
    EXPECT_EQ(scene.found().text,
              "rcu_unload: 4 of 4 callbacks had not run when its exit function had returned: see exit-without-barrier; "
              "without the tracer's probes 2 of them would have been too late");
}

TEST(UnloadHazard, ProbesThatChangedNothingAreNotTold) {
    Unloading scene;
    scene.life().unprobing = 485;
    scene.life().unprobed = 495;
    scene.callback(450, 580, 590);
    EXPECT_THAT(only(scene).text, testing::Not(HasSubstr("probes")));
    EXPECT_EQ(scene.found().late_without_probes, 0U);
}

TEST(UnloadHazard, WhatTheProbesChangedMayNotBeKnown) {
    Unloading scene;
    scene.callback(450, 580, 590);
    scene.timeline.capture.missing.push_back({.hook = "module.unprobed", .why = "there is no such function"});
    EXPECT_THAT(
        only(scene).text,
        HasSubstr("; it is not known how much later its memory was freed because of the tracer's probes: call"));
    EXPECT_EQ(scene.found().late_without_probes, std::nullopt);
}

TEST(UnloadHazard, SaysInWhichWaitOfWhomTheyRan) {
    Unloading scene;
    scene.life().going_tid = 7;
    for (const auto& [begin, end, caller] : {std::tuple{482, 489, "ftrace_release_mod"},
                                             std::tuple{510, 560, "free_module"}, std::tuple{570, 580, "other"}}) {
        scene.timeline.waits.push_back({.kind = WaitKind::synchronize_rcu,
                                        .tid = caller == std::string("other") ? 8U : 7U,
                                        .caller = {.address = 1, .function = caller, .module = {}},
                                        .begin = begin,
                                        .end = end});
    }
    scene.callback(450, 485, 486).callback(451, 486, 487).callback(452, 550, 551).callback(453, 575, 576);
    EXPECT_THAT(only(scene).text, HasSubstr("by chance, since 2 of them ran in synchronize_rcu(), called by "
                                            "ftrace_release_mod(), 1 in synchronize_rcu(), called by free_module() and "
                                            "1 in free_module(), which did not wait then: call"));
}

TEST(UnloadHazard, OfAHeadThatWasQueuedTwiceIsTheDoubleCallAlone) {
    Unloading scene;
    scene.callback(10, 100, 101).head(7).callback(20).head(7).wait(WaitKind::rcu_barrier, 410, 470).counted(1, 1, 1);
    EXPECT_EQ(only(scene).kind, "double-call-rcu");
    EXPECT_EQ(scene.found().text,
              "rcu_unload: 2 callbacks, of which 1 never ran: see double-call-rcu; rcu_barrier() waited 60 ns");
}

// A damaged list of RCU also loses other callbacks, although there was a barrier.
TEST(UnloadHazard, WhatWasOnABrokenListIsExplainedToo) {
    Unloading scene;
    scene.callback(10, 100, 101).head(7).callback(20).head(7).callback(21).wait(WaitKind::rcu_barrier, 410, 470);
    EXPECT_EQ(only(scene).kind, "double-call-rcu");
    scene.callback(480);
    EXPECT_EQ(scene.find().size(), 2U) << "one that was queued after the barrier is not";
}

TEST(UnloadHazard, WithoutTheExitFunctionsEndItIsTheFreeingThatCounts) {
    Unloading scene;
    scene.life().exit_done = std::nullopt;
    scene.callback(450, 490, 491).callback(451, 550, 551);
    const Hazard hazard = only(scene);
    EXPECT_EQ(hazard.kind, "exit-without-barrier");
    EXPECT_EQ(hazard.at, 500);
    EXPECT_THAT(hazard.callbacks, ElementsAre(2));
    EXPECT_THAT(hazard.text, HasSubstr("rcu_unload was being freed while"));
}

// The last callback wakes the exit function, or drops the last reference, and returns after that.
TEST(UnloadHazard, ACallbackThatRunsWhileTheExitFunctionReturnsIsNone) {
    EXPECT_THAT(Unloading()
                    .callback(450, 479, 485)
                    .callback(450, 480, 499)
                    .callback(450, 480, 520)
                    .wait(WaitKind::rcu_barrier, 455, 480)
                    .find(),
                IsEmpty());
}

TEST(UnloadHazard, SynchronizeRcuAloneIsSaidNotToBeEnough) {
    Unloading scene;
    scene.wait(WaitKind::synchronize_rcu_expedited, 410, 470).callback(450, 490, 491);
    EXPECT_THAT(only(scene).text, HasSubstr("synchronize_rcu_expedited() alone is not enough, since it waits for "
                                            "readers and not for callbacks"));
}

TEST(UnloadHazard, OthersWaitsAndThoseBeforeTheExitAreNotItsOwn) {
    Unloading scene;
    scene.wait(WaitKind::synchronize_rcu, 300, 390)
        .wait(WaitKind::synchronize_rcu, 410, 470, "other")
        .wait(WaitKind::synchronize_rcu, 470, 490)
        .callback(450, 490, 491);
    EXPECT_THAT(only(scene).text, Not(HasSubstr("alone")));
}

TEST(UnloadHazard, ABarrierThatCameTooEarlyIsSaidToBeTooEarly) {
    Unloading scene;
    scene.wait(WaitKind::synchronize_rcu, 405, 408)
        .wait(WaitKind::rcu_barrier, 410, 440)
        .callback(400, 430, 431)
        .callback(450, 490, 491);
    EXPECT_THAT(only(scene).text, HasSubstr("called rcu_barrier(), but 1 was queued after that"));
}

TEST(UnloadHazard, FatalIfTheRecordingBreaksOffMeanwhile) {
    Unloading scene;
    scene.callback(490)
        .unknown()
        .callback(491, 540) // runs when the recording ends
        .unknown()
        .callback(492, 530, 531)
        .cut_off_at(540);
    const Hazard hazard = only(scene);

    EXPECT_EQ(hazard.kind, "freed-with-pending-callbacks");
    EXPECT_EQ(hazard.severity, "fatal");
    EXPECT_EQ(hazard.at, 500);
    EXPECT_THAT(hazard.callbacks, ElementsAre(1, 2));
    EXPECT_THAT(hazard.text, HasSubstr("the recording is cut off 40 ns after free_module() was entered for rcu_unload, "
                                       "as happens when the kernel crashes, and 2 of its callbacks"));
}

TEST(UnloadHazard, FatalIfTheRecordingBreaksOffAfterTheMemoryIsGone) {
    Unloading scene;
    scene.callback(490).unknown().timeline.capture.complete = false;
    EXPECT_EQ(only(scene).severity, "fatal");
    EXPECT_EQ(scene.analysis.hazards[0].at, 600);
}

TEST(UnloadHazard, LatentIfTheRecordingEndsInOrderMeanwhile) {
    Unloading scene;
    scene.callback(490).cut_off_at(540).timeline.capture.complete = true;
    const Hazard hazard = only(scene);
    EXPECT_EQ(hazard.kind, "exit-without-barrier");
    EXPECT_EQ(hazard.severity, "latent");
    EXPECT_THAT(hazard.text, HasSubstr("the recording ended while"));
}

TEST(UnloadHazard, WarningIfALossHidesTheEnd) {
    Unloading scene;
    scene.callback(490).unknown().lost(510, 520);
    const Hazard hazard = only(scene);
    EXPECT_EQ(hazard.kind, "freed-with-pending-callbacks");
    EXPECT_EQ(hazard.severity, "warning");
    EXPECT_THAT(hazard.callbacks, ElementsAre(1));
    EXPECT_THAT(hazard.text, HasSubstr("not known"));
    EXPECT_THAT(hazard.text, HasSubstr("records were lost"));
}

TEST(UnloadHazard, ALossAfterTheMemoryWasGoneHidesNothing) {
    Unloading scene;
    scene.callback(490).unknown().lost(700, 720);
    EXPECT_EQ(only(scene).severity, "fatal");
}

TEST(UnloadHazard, WhatIsKnownAndWhatIsNotAreTwoHazards) {
    const auto hazards = Unloading().callback(490, 601, 602).callback(491).unknown().lost(510, 520).find();
    ASSERT_EQ(hazards.size(), 2U);
    EXPECT_EQ(hazards[0].severity, "warning");
    EXPECT_EQ(hazards[1].severity, "fatal");
    EXPECT_THAT(hazards[1].callbacks, ElementsAre(1));
}

TEST(UnloadHazard, AHeadUsedAgainIsNotKnownEither) {
    Unloading scene;
    scene.callback(490).unknown();
    EXPECT_EQ(only(scene).severity, "warning");
    EXPECT_THAT(scene.analysis.hazards[0].text, HasSubstr("queued again"));
}

TEST(UnloadHazard, ACallbackThatRanAlreadyIsWaitedFor) {
    EXPECT_THAT(Unloading().callback(450, 479).unknown().lost(499, 501).find(), IsEmpty());
}

TEST(UnloadHazard, CallbacksBelongToTheLifeInWhichTheyWereQueued) {
    Unloading scene;
    ModuleLife second = scene.life();
    second.loaded = 700;
    second.exit_done = 790;
    second.free_begin = 800;
    second.freed = 850;
    scene.timeline.modules.push_back(second);

    const auto hazards = scene.callback(490, 740, 741).callback(785, 820, 821).find();

    ASSERT_EQ(hazards.size(), 2U);
    EXPECT_EQ(hazards[0].severity, "fatal");
    EXPECT_THAT(hazards[0].callbacks, ElementsAre(1));
    EXPECT_EQ(hazards[1].severity, "latent");
    EXPECT_THAT(hazards[1].callbacks, ElementsAre(2));
}

TEST(UnloadHazard, TheNextLifeTellsThatTheLastIsOver) {
    Unloading scene;
    scene.life().freed = std::nullopt; // this record was lost
    ModuleLife& second = scene.timeline.modules.emplace_back();
    second.name = "rcu_unload";
    second.loaded = 700;

    const auto hazards = scene.callback(490, 701, 702).callback(710).find();

    ASSERT_EQ(hazards.size(), 1U);
    EXPECT_EQ(hazards[0].severity, "fatal");
    EXPECT_EQ(hazards[0].at, 700);
    EXPECT_THAT(hazards[0].callbacks, ElementsAre(1));
}

TEST(UnloadHazard, ManyFunctionsAndPlacesAreNotAllNamed) {
    Unloading scene;
    for (const char* function : {"a", "b", "c", "d", "e", "e"})
        scene.callback(490, 700, 701, function);
    scene.from("late_fn", 3, "kworker").callback(490, 700, 701, "e").from("other_fn", 1, "insmod");
    for (std::uint32_t cpu = 0; cpu < 6; cpu++)
        scene.callback(490, 700, 701, "e").from("storm_fn", cpu, "w/" + std::to_string(cpu));
    const Hazard hazard = only(scene);
    EXPECT_THAT(hazard.text, HasSubstr("(rcu_unload:e, rcu_unload:a, rcu_unload:b and 2 more)"));
    EXPECT_THAT(hazard.text, HasSubstr("queued in rcu_unload:storm_fn+0x12 (6 CPUs, tasks w/0, w/1 and 4 more), "
                                       "in rcu_unload:writer_fn+0x12 (CPU 0, task writer) and 2 more, had not run"));
}

TEST(UnloadHazard, WhereTheyWereQueuedMayNotBeKnown) {
    Unloading scene;
    scene.callback(490, 700, 701).timeline.callbacks[0].caller = PooledLocation();
    scene.timeline.callbacks[0].queued_comm = {};
    EXPECT_THAT(only(scene).text, HasSubstr("queued at an unknown location (CPU 0), had not run"));
}

TEST(FailedInit, HasItsOwnKindAndRemedy) {
    Unloading scene;
    scene.init_failed().callback(490, 700, 701);
    const Hazard hazard = only(scene);
    EXPECT_EQ(hazard.kind, "init-failed-with-pending-callbacks");
    EXPECT_EQ(hazard.severity, "fatal");
    EXPECT_THAT(hazard.text, HasSubstr("since its init function failed"));
    EXPECT_THAT(hazard.text, HasSubstr("the error path of its init function"));
}

TEST(FailedInit, LatentIfTheyRanWhileItWasFreed) {
    Unloading scene;
    scene.init_failed().callback(490, 550, 551);
    EXPECT_EQ(only(scene).kind, "init-failed-with-pending-callbacks");
    EXPECT_EQ(scene.analysis.hazards[0].severity, "latent");
}

TEST(FailedInit, WarningIfALossHidesTheEnd) {
    Unloading scene;
    scene.init_failed().callback(490).unknown().lost(510, 520);
    EXPECT_EQ(only(scene).kind, "init-failed-with-pending-callbacks");
    EXPECT_EQ(scene.analysis.hazards[0].severity, "warning");
}

TEST(FailedInit, LatentIfTheyRanAfterItHadReturned) {
    Unloading scene;
    scene.init_failed().callback(450, 495, 496);
    scene.life().init_done = 480;
    EXPECT_EQ(only(scene).severity, "latent");
    EXPECT_EQ(scene.analysis.hazards[0].at, 480);
    EXPECT_THAT(scene.analysis.hazards[0].text, HasSubstr("by chance, since it ran before free_module() was entered"));
}

TEST(FailedInit, NoneIfEverythingRanBefore) {
    EXPECT_THAT(Unloading().init_failed().callback(10, 100, 101).find(), IsEmpty());
}

// do_init_module() returns the error after the memory is freed: too late if the kernel crashes before.
TEST(FailedInit, IsKnownByAFreeingThatNobodyAskedFor) {
    Unloading scene;
    scene.init_failed().callback(490).unknown().cut_off_at(540);
    scene.life().init_done = scene.life().init_error = std::nullopt;
    const Hazard hazard = only(scene);
    EXPECT_EQ(hazard.kind, "init-failed-with-pending-callbacks");
    EXPECT_EQ(hazard.severity, "fatal");
    EXPECT_THAT(hazard.text, HasSubstr("the error path of its init function"));
}

TEST(FailedInit, IsNotGuessedWhereRecordsWereLost) {
    Unloading scene;
    scene.init_failed().callback(490).unknown().lost(5, 6).cut_off_at(540);
    scene.life().init_done = scene.life().init_error = std::nullopt;
    EXPECT_EQ(only(scene).kind, "freed-with-pending-callbacks");
}

// Each module has a hazard that is of no unloading, so its life has to be looked for.
TEST(ReaderHazard, TimeGrowsAsModulesDo) {
    const auto judge = [](std::size_t size) {
        Unloading scene;
        for (std::size_t i = 0; i < size; i++) {
            ModuleLife& life = scene.timeline.modules.emplace_back(scene.life());
            life.name = "module_" + std::to_string(i);
            ReadSection& section = scene.section(100, 150);
            section.place.module = life.name;
            section.off_cpu = {{.at = 110, .until = 120, .voluntary = true}};
        }
        const auto hazards = scene.find();
        ASSERT_EQ(hazards.size(), size);
        EXPECT_TRUE(std::ranges::all_of(hazards, [](const Hazard& hazard) { return hazard.life.has_value(); }));
    };
    EXPECT_LT(growth(4000, judge), far_from_linear);
}

// All exit functions run at the same time, and all waits are in this time.
TEST(UnloadVerdict, TimeGrowsAsModulesAndWaitsDo) {
    const auto judge = [](std::size_t size) {
        Unloading scene;
        scene.life().exit_done = 900;
        for (std::size_t i = 0; i < size; i++) {
            ModuleLife& life = scene.timeline.modules.emplace_back(scene.life());
            life.name = "module_" + std::to_string(i);
            scene.wait(WaitKind::rcu_barrier, 500, 501, life.name);
        }
        EXPECT_EQ(scene.verdict(), "rcu_unload: nothing was queued");
        EXPECT_THAT(scene.analysis.verdicts.back().text, HasSubstr("rcu_barrier() waited 1 ns"));
    };
    EXPECT_LT(growth(1000, judge), far_from_linear);
}

} // namespace
} // namespace rcuscope::test
