// SPDX-License-Identifier: BSD-2-Clause
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analysis/hazards.hpp"
#include "analysis/loss_index.hpp"

namespace rcuscope::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// A recording of 1000 ns in which module rcu_unload is freed from 500 to 600.
class Unloading {
public:
    Unloading() {
        timeline.capture.complete = true;
        timeline.capture.end = 1000;
        ModuleLife& life = timeline.modules.emplace_back();
        life.name = "rcu_unload";
        life.loaded = 0;
        life.free_begin = 500;
        life.freed = 600;
    }

    Unloading& callback(Nanoseconds queued, MaybeTime invoked = {}, MaybeTime done = {},
                        const std::string& function = "node_free", const std::string& module = "rcu_unload") {
        Callback& row = timeline.callbacks.emplace_back();
        row.id = static_cast<std::uint32_t>(timeline.callbacks.size());
        row.function.module = module;
        row.function.function = function;
        row.queued = queued;
        row.invoked = invoked;
        row.done = done;
        row.state = done ? CallbackState::done : CallbackState::pending;
        return *this;
    }
    Unloading& unknown() { // of the callback before
        timeline.callbacks.back().state = CallbackState::unknown;
        return *this;
    }
    Unloading& lost(Nanoseconds from, Nanoseconds to) {
        timeline.capture.lost.push_back({.cpu = 0, .from = from, .to = to, .count = 3});
        return *this;
    }
    // The file ends before free_module() returns.
    Unloading& cut_off_at(Nanoseconds end) {
        timeline.capture.complete = false;
        timeline.capture.end = end;
        timeline.modules[0].freed = std::nullopt;
        return *this;
    }

    std::vector<Hazard> find() {
        find_hazards(timeline, {});
        return timeline.hazards;
    }

    Timeline timeline;
};

TEST(UnloadHazard, NoneIfEverythingRanBefore) {
    EXPECT_THAT(Unloading().callback(10, 100, 101).callback(400, 499, 500).find(), IsEmpty());
}

TEST(UnloadHazard, NoneIfTheModuleStays) {
    Unloading scene;
    scene.timeline.modules[0].free_begin = scene.timeline.modules[0].freed = std::nullopt;
    EXPECT_THAT(scene.callback(10).find(), IsEmpty());
}

TEST(UnloadHazard, FatalIfTheyRanTooLateOrNever) {
    const auto hazards = Unloading()
                             .callback(10, 100, 101)
                             .callback(490, 601, 602)
                             .callback(491, 599, 601, "list_free")
                             .callback(492)
                             .find();

    ASSERT_EQ(hazards.size(), 1U);
    EXPECT_EQ(hazards[0].kind, "freed-with-pending-callbacks");
    EXPECT_EQ(hazards[0].severity, "fatal");
    EXPECT_EQ(hazards[0].module, "rcu_unload");
    EXPECT_EQ(hazards[0].at, 600);
    EXPECT_THAT(hazards[0].callbacks, ElementsAre(2, 3, 4));
    EXPECT_EQ(hazards[0].text, "rcu_unload was freed while 3 of its callbacks (rcu_unload:node_free, "
                               "rcu_unload:list_free) were still queued: call rcu_barrier() in its exit function, "
                               "after the last call_rcu(), before anything it uses goes away.");
}

TEST(UnloadHazard, OfOtherModulesCallbacksNone) {
    EXPECT_THAT(Unloading().callback(490, 700, 701, "f", "other").callback(490, 700, 701, "f", "").find(), IsEmpty());
}

TEST(UnloadHazard, LatentIfTheyRanWhileItWent) {
    const auto hazards = Unloading().callback(490, 550, 551).find();

    ASSERT_EQ(hazards.size(), 1U);
    EXPECT_EQ(hazards[0].severity, "latent");
    EXPECT_EQ(hazards[0].at, 500);
    EXPECT_THAT(hazards[0].callbacks, ElementsAre(1));
    EXPECT_THAT(hazards[0].text, HasSubstr("1 of its callbacks (rcu_unload:node_free) was still queued"));
    EXPECT_THAT(hazards[0].text, HasSubstr("rcu_barrier()"));
}

TEST(UnloadHazard, FatalIfTheRecordingBreaksOffMeanwhile) {
    const auto hazards = Unloading()
                             .callback(490)
                             .unknown()
                             .callback(491, 540) // runs when everything ends
                             .unknown()
                             .callback(492, 530, 531)
                             .cut_off_at(540)
                             .find();

    ASSERT_EQ(hazards.size(), 1U);
    EXPECT_EQ(hazards[0].severity, "fatal");
    EXPECT_EQ(hazards[0].at, 500);
    EXPECT_THAT(hazards[0].callbacks, ElementsAre(1, 2));
    EXPECT_THAT(hazards[0].text, HasSubstr("the recording breaks off while rcu_unload was being freed"));
}

TEST(UnloadHazard, LatentIfTheRecordingEndsInOrderMeanwhile) {
    Unloading scene;
    scene.callback(490).cut_off_at(540);
    scene.timeline.capture.complete = true;

    const auto hazards = scene.find();

    ASSERT_EQ(hazards.size(), 1U);
    EXPECT_EQ(hazards[0].severity, "latent");
    EXPECT_THAT(hazards[0].text, HasSubstr("the recording ended while"));
}

TEST(UnloadHazard, WarningIfALossHidesTheEnd) {
    const auto hazards = Unloading().callback(490).unknown().lost(510, 520).find();

    ASSERT_EQ(hazards.size(), 1U);
    EXPECT_EQ(hazards[0].severity, "warning");
    EXPECT_THAT(hazards[0].callbacks, ElementsAre(1));
    EXPECT_THAT(hazards[0].text, HasSubstr("not known"));
    EXPECT_THAT(hazards[0].text, HasSubstr("records were lost"));
}

TEST(UnloadHazard, ALossAfterTheMemoryWasGoneHidesNothing) {
    const auto hazards = Unloading().callback(490).unknown().lost(700, 720).find();
    ASSERT_EQ(hazards.size(), 1U);
    EXPECT_EQ(hazards[0].severity, "fatal");
}

TEST(UnloadHazard, WhatIsKnownAndWhatIsNotAreTwoHazards) {
    const auto hazards = Unloading().callback(490, 601, 602).callback(491).unknown().lost(510, 520).find();
    ASSERT_EQ(hazards.size(), 2U);
    EXPECT_EQ(hazards[0].severity, "warning");
    EXPECT_EQ(hazards[1].severity, "fatal");
    EXPECT_THAT(hazards[1].callbacks, ElementsAre(1));
}

TEST(UnloadHazard, AHeadUsedAgainIsNotKnownEither) {
    const auto hazards = Unloading().callback(490).unknown().find();
    ASSERT_EQ(hazards.size(), 1U);
    EXPECT_EQ(hazards[0].severity, "warning");
    EXPECT_THAT(hazards[0].text, HasSubstr("queued again"));
}

TEST(UnloadHazard, ACallbackThatRanAlreadyIsWaitedFor) {
    EXPECT_THAT(Unloading().callback(490, 499).unknown().lost(499, 501).find(), IsEmpty());
}

TEST(UnloadHazard, CallbacksBelongToTheLifeInWhichTheyWereQueued) {
    Unloading scene;
    ModuleLife second = scene.timeline.modules[0];
    second.loaded = 700;
    second.free_begin = 800;
    second.freed = 850;
    scene.timeline.modules.push_back(second);

    const auto hazards = scene.callback(490, 740, 741).callback(790, 820, 821).find();

    ASSERT_EQ(hazards.size(), 2U);
    EXPECT_EQ(hazards[0].severity, "fatal");
    EXPECT_THAT(hazards[0].callbacks, ElementsAre(1));
    EXPECT_EQ(hazards[1].severity, "latent");
    EXPECT_THAT(hazards[1].callbacks, ElementsAre(2));
}

TEST(UnloadHazard, TheNextLifeTellsThatTheLastIsOver) {
    Unloading scene;
    scene.timeline.modules[0].freed = std::nullopt; // the record of it was lost
    ModuleLife& second = scene.timeline.modules.emplace_back();
    second.name = "rcu_unload";
    second.loaded = 700;

    const auto hazards = scene.callback(490, 701, 702).callback(710).find();

    ASSERT_EQ(hazards.size(), 1U);
    EXPECT_EQ(hazards[0].severity, "fatal");
    EXPECT_EQ(hazards[0].at, 700);
    EXPECT_THAT(hazards[0].callbacks, ElementsAre(1));
}

TEST(UnloadHazard, AFailedInitHasAnotherRemedy) {
    Unloading scene;
    scene.timeline.modules[0].init_error = -12;
    const auto hazards = scene.callback(490, 700, 701).find();
    ASSERT_EQ(hazards.size(), 1U);
    EXPECT_THAT(hazards[0].text, HasSubstr("the error path of its init function"));
}

TEST(UnloadHazard, ManyFunctionsAreNotAllNamed) {
    Unloading scene;
    for (const char* function : {"a", "b", "c", "d", "e", "e"}) {
        scene.callback(490, 700, 701, function);
    }
    const auto hazards = scene.find();
    ASSERT_EQ(hazards.size(), 1U);
    EXPECT_THAT(hazards[0].text, HasSubstr("(rcu_unload:e, rcu_unload:a, rcu_unload:b and 2 more)"));
}

TEST(LossIndex, FindsALongLossBehindShortOnes) {
    const LossIndex losses({{.from = 50, .to = 55}, {.from = 10, .to = 90}, {.from = 60, .to = 61}});
    EXPECT_TRUE(losses.overlaps(80, 85));
    EXPECT_TRUE(losses.overlaps(90, 99));
    EXPECT_TRUE(losses.overlaps(0, 10));
    EXPECT_FALSE(losses.overlaps(0, 9));
    EXPECT_FALSE(losses.overlaps(91, 99));
    EXPECT_FALSE(LossIndex({}).overlaps(0, 100));
}

} // namespace
} // namespace rcuscope::test
