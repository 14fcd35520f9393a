// SPDX-License-Identifier: BSD-2-Clause
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analysis/recording.hpp"
#include "growth.hpp"

namespace rcuscope::test {
namespace {

using event::WaitKind;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

// The one hazard that was found.
Hazard only(Unloading& scene) {
    const auto hazards = scene.find();
    EXPECT_EQ(hazards.size(), 1U);
    return hazards.empty() ? Hazard() : hazards.front();
}

TEST(UnloadHazard, NoneIfEverythingRanBefore) {
    EXPECT_THAT(Unloading().callback(10, 100, 101).callback(400, 479, 480).find(), IsEmpty());
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
              "rcu_unload:writer_fn+0x12 (CPU 0, task writer), had not run, so that they run into memory that is gone: "
              "call rcu_barrier() in its exit function, after the last call_rcu(), before anything it uses goes away.");
}

TEST(UnloadHazard, FatalIfOneStillRunsWhenTheMemoryIsGone) {
    Unloading scene;
    scene.callback(10, 599, 601);
    const Hazard hazard = only(scene);
    EXPECT_EQ(hazard.kind, "freed-with-pending-callbacks");
    EXPECT_EQ(hazard.severity, "fatal");
    EXPECT_THAT(hazard.text, HasSubstr("had not run to their end"));
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
              "rcu_unload:writer_fn+0x12 (CPU 0, task writer), had not run and it went well by 49 ns, only because "
              "free_module() waits for a grace period of its own: call rcu_barrier() in its exit function, after the "
              "last call_rcu(), before anything it uses goes away.");
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
    EXPECT_THAT(Unloading().callback(450, 479, 485).callback(450, 480, 499).callback(450, 480, 520).find(), IsEmpty());
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
    EXPECT_THAT(only(scene).text, HasSubstr("did call rcu_barrier(), but 1 was queued after that"));
}

TEST(UnloadHazard, FatalIfTheRecordingBreaksOffMeanwhile) {
    Unloading scene;
    scene.callback(490)
        .unknown()
        .callback(491, 540) // runs when everything ends
        .unknown()
        .callback(492, 530, 531)
        .cut_off_at(540);
    const Hazard hazard = only(scene);

    EXPECT_EQ(hazard.kind, "freed-with-pending-callbacks");
    EXPECT_EQ(hazard.severity, "fatal");
    EXPECT_EQ(hazard.at, 500);
    EXPECT_THAT(hazard.callbacks, ElementsAre(1, 2));
    EXPECT_THAT(hazard.text,
                HasSubstr("the recording breaks off 40 ns after free_module() was entered for rcu_unload, as it does "
                          "when the kernel dies, and 2 of its callbacks"));
}

TEST(UnloadHazard, FatalIfTheRecordingBreaksOffAfterTheMemoryIsGone) {
    Unloading scene;
    scene.callback(490).unknown().timeline.capture.complete = false;
    EXPECT_EQ(only(scene).severity, "fatal");
    EXPECT_EQ(scene.timeline.hazards[0].at, 600);
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
    EXPECT_THAT(scene.timeline.hazards[0].text, HasSubstr("queued again"));
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
    scene.life().freed = std::nullopt; // the record of it was lost
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
    for (const char* function : {"a", "b", "c", "d", "e", "e"}) {
        scene.callback(490, 700, 701, function);
    }
    scene.from("late_fn", 3, "kworker").callback(490, 700, 701, "e").from("other_fn", 1, "insmod");
    for (std::uint32_t cpu = 0; cpu < 6; cpu++) {
        scene.callback(490, 700, 701, "e").from("storm_fn", cpu, "w/" + std::to_string(cpu));
    }
    const Hazard hazard = only(scene);
    EXPECT_THAT(hazard.text, HasSubstr("(rcu_unload:e, rcu_unload:a, rcu_unload:b and 2 more)"));
    EXPECT_THAT(hazard.text, HasSubstr("queued in rcu_unload:storm_fn+0x12 (6 CPUs, tasks w/0, w/1 and 4 more), "
                                       "in rcu_unload:writer_fn+0x12 (CPU 0, task writer) and 2 more, had not run"));
}

TEST(UnloadHazard, WhereTheyWereQueuedMayNotBeKnown) {
    Unloading scene;
    scene.callback(490, 700, 701).timeline.callbacks[0].caller = SharedPlace();
    scene.timeline.callbacks[0].queued_comm = {};
    EXPECT_THAT(only(scene).text, HasSubstr("queued at a place not known (CPU 0), had not run"));
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
    EXPECT_EQ(scene.timeline.hazards[0].severity, "latent");
}

TEST(FailedInit, WarningIfALossHidesTheEnd) {
    Unloading scene;
    scene.init_failed().callback(490).unknown().lost(510, 520);
    EXPECT_EQ(only(scene).kind, "init-failed-with-pending-callbacks");
    EXPECT_EQ(scene.timeline.hazards[0].severity, "warning");
}

TEST(FailedInit, LatentIfTheyRanAfterItHadReturned) {
    Unloading scene;
    scene.init_failed().callback(450, 495, 496);
    scene.life().init_done = 480;
    EXPECT_EQ(only(scene).severity, "latent");
    EXPECT_EQ(scene.timeline.hazards[0].at, 480);
    EXPECT_THAT(scene.timeline.hazards[0].text, HasSubstr("do_init_module() and free_module() wait"));
}

TEST(FailedInit, NoneIfEverythingRanBefore) {
    EXPECT_THAT(Unloading().init_failed().callback(10, 100, 101).find(), IsEmpty());
}

// do_init_module() tells the error when the memory is gone: too late for a kernel that dies before.
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

TEST(KernelsCount, IsReportedWhereTheTimelineHoldsNoCallbacks) {
    Unloading scene;
    scene.lost(10, 20).counted(12, 12, 12);
    const Hazard hazard = only(scene);
    EXPECT_EQ(hazard.severity, "fatal");
    EXPECT_THAT(hazard.callbacks, IsEmpty());
    EXPECT_THAT(hazard.text, HasSubstr("rcu_unload was freed while 12 of its callbacks had not run, as counted in the "
                                       "kernel (none of them in the recording)"));
}

TEST(KernelsCount, IsReportedEvenAgainstATimelineWithoutLoss) {
    Unloading scene;
    scene.callback(10, 100, 101).counted(1, 1, 1);
    EXPECT_EQ(only(scene).severity, "fatal");
}

TEST(MissedRuns, OfWhatTellsInvocationsAreAGroundForAWarningOnly) {
    Unloading scene;
    scene.callback(10).unknown().missed("callback.invoked").counted(1, 1, 1);
    const Hazard hazard = only(scene);
    EXPECT_EQ(hazard.severity, "warning");
    EXPECT_THAT(hazard.text, HasSubstr("had run by then, because the probe that tells was skipped at times"));
}

TEST(MissedRuns, DoNotExplainMoreCallbacksThanTheyAre) {
    Unloading scene;
    scene.callback(10).unknown().callback(20).unknown().missed("callback.invoked").counted(2, 2, 2);
    const auto hazards = scene.find();
    ASSERT_EQ(hazards.size(), 2U);
    EXPECT_EQ(hazards[0].severity, "warning") << "of the two, it is not known which";
    EXPECT_EQ(hazards[1].severity, "fatal") << "but one of them had not run";
}

TEST(MissedRuns, AreHarmlessWhereTheKernelCountedNone) {
    Unloading scene;
    scene.callback(10).unknown().missed("callback.invoked").counted(0, 0, 0);
    EXPECT_THAT(scene.find(), IsEmpty());
}

TEST(MissedRuns, OfWhatTellsQueueingsMakeACountOfNoneWorthNothing) {
    Unloading scene;
    scene.callback(10).unknown().missed("callback.invoked").missed("callback.queued").counted(0, 0, 0);
    EXPECT_EQ(only(scene).severity, "warning");
}

TEST(KernelsCount, OfTheExitAloneIsLatent) {
    Unloading scene;
    scene.lost(10, 20).counted(12, 3, 0);
    const Hazard hazard = only(scene);
    EXPECT_EQ(hazard.kind, "exit-without-barrier");
    EXPECT_EQ(hazard.severity, "latent");
    EXPECT_THAT(hazard.text, HasSubstr("12 of its callbacks had not run"));
}

TEST(KernelsCount, OfZeroMakesALossHarmless) {
    EXPECT_THAT(Unloading().callback(450).unknown().lost(455, 456).counted(0, 0, 0).find(), IsEmpty());
    EXPECT_THAT(Unloading().callback(450).unknown().lost(455, 456).counted(0, {}, {}).find(), IsEmpty());
    EXPECT_THAT(Unloading().callback(450).unknown().lost(455, 456).counted({}, 0, {}).find(), IsEmpty());
}

TEST(KernelsCount, OfZeroAtTheExitSaysNothingOfWhatWasQueuedLater) {
    Unloading scene;
    scene.callback(490).unknown().lost(510, 520).counted(0, {}, {});
    EXPECT_EQ(only(scene).severity, "warning");
}

TEST(KernelsCount, TellsWhatALossHides) {
    Unloading scene;
    scene.callback(450).unknown().lost(510, 520).counted(1, 1, 1);
    EXPECT_EQ(only(scene).severity, "fatal");
    scene.counted(1, 1, 0);
    EXPECT_EQ(only(scene).severity, "latent");
}

TEST(KernelsCount, DoesNotTalkAwayWhatWasSeen) {
    Unloading scene;
    scene.callback(490, 601, 602).counted(0, 0, 0);
    EXPECT_EQ(only(scene).severity, "fatal");
}

TEST(KernelsCount, AtACutIsWhatIsLeft) {
    Unloading scene;
    scene.counted(20'000, 20'000, {}).cut_off_at(540);
    const Hazard hazard = only(scene);
    EXPECT_EQ(hazard.kind, "freed-with-pending-callbacks");
    EXPECT_EQ(hazard.severity, "fatal");
    EXPECT_THAT(hazard.text, HasSubstr("breaks off"));
    EXPECT_THAT(hazard.text, HasSubstr("20000 of its callbacks had not run, as counted in the kernel"));
}

// The last records of a CPU may be missing from a file that was cut off.
TEST(KernelsCount, OfZeroAtACutIsBelieved) {
    EXPECT_THAT(Unloading().callback(450).unknown().counted(0, 0, {}).cut_off_at(540).find(), IsEmpty());
}

// All exit functions run at the same time, in which everybody waits.
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
        EXPECT_THAT(scene.timeline.modules.back().verdict, HasSubstr("rcu_barrier() waited 1 ns"));
    };
    EXPECT_LT(growth(1000, judge), far_from_linear);
}

} // namespace
} // namespace rcuscope::test
