// SPDX-License-Identifier: BSD-2-Clause
//
// Tests the hazard of an rcu_head that is queued twice.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analysis/recording.hpp"
#include "growth.hpp"

namespace rcuscope::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<Hazard> doubles(Unloading& scene) {
    scene.stays();
    auto hazards = scene.find();
    std::erase_if(hazards, [](const Hazard& hazard) { return hazard.kind != "double-call-rcu"; });
    return hazards;
}

TEST(DoubleQueue, FatalWithBothPlaces) {
    Unloading scene;
    scene.callback(10, 100, 101).head(7).callback(50).head(7).from("other_fn", 1, "other");

    const auto hazards = doubles(scene);

    ASSERT_EQ(hazards.size(), 1U);
    EXPECT_EQ(hazards[0].severity, "fatal");
    EXPECT_EQ(hazards[0].module, "rcu_unload");
    EXPECT_EQ(hazards[0].at, 50);
    EXPECT_THAT(hazards[0].callbacks, ElementsAre(1, 2));
    EXPECT_EQ(hazards[0].text,
              "an rcu_head was queued in rcu_unload:other_fn+0x12 for rcu_unload:node_free while it was still pending, "
              "40 ns after it had been queued in rcu_unload:writer_fn+0x12: this corrupts RCU's list of callbacks, so "
              "that some never run or run twice; let exactly one path remove an object from its structure, and let "
              "that path call call_rcu() once.");
}

TEST(DoubleQueue, NoneIfItWasInvokedBefore) {
    Unloading scene;
    scene.callback(10, 49, 51).head(7).callback(50, 100, 101).head(7); // queued by its own function
    scene.callback(100, 200, 201).head(7).callback(300).head(8);
    EXPECT_THAT(doubles(scene), IsEmpty());
}

TEST(DoubleQueue, AlsoWhereTheFirstWasNeverSeenToRun) {
    Unloading scene;
    scene.callback(10).head(7).callback(50, 100, 101).head(7);
    EXPECT_EQ(doubles(scene).size(), 1U);
}

TEST(DoubleQueue, NoneIfTheFirstOnesCodeIsGoneByThen) {
    const auto doubled = [](Nanoseconds second) {
        Unloading scene; // its module is freed at 600
        const auto hazards = scene.callback(10).head(7).callback(second).head(7).find();
        return std::any_of(hazards.begin(), hazards.end(),
                           [](const Hazard& hazard) { return hazard.kind == "double-call-rcu"; });
    };
    EXPECT_TRUE(doubled(599));
    EXPECT_FALSE(doubled(601));
}

TEST(DoubleQueue, NoneIfItMayHaveRunWhileTheProbeWasSkipped) {
    Unloading scene;
    scene.callback(10).unknown().head(7).callback(50).unknown().head(7).missed("callback.invoked");
    EXPECT_EQ(doubles(scene).size(), 1U) << "without a grace period nothing can have run";
    scene.timeline.grace_periods = {{.id = 1, .start = 15, .end = 30}};
    EXPECT_THAT(doubles(scene), IsEmpty());
    scene.timeline.capture.probes.clear();
    EXPECT_EQ(doubles(scene).size(), 1U) << "it was not skipped";
}

TEST(DoubleQueue, ExpeditedGracePeriodsReleaseCallbacksOnSomeKernels) {
    Unloading scene;
    scene.callback(10).unknown().head(7).callback(50).unknown().head(7).missed("callback.invoked");
    scene.timeline.grace_periods = {{.id = 1, .expedited = true, .start = 15, .end = 30}};
    EXPECT_EQ(doubles(scene).size(), 1U) << "its end releases none: it has no record of its announcement";
    scene.timeline.grace_periods = {{.id = 1, .expedited = true, .start = 15, .end = 30, .cleaned = 31}};
    EXPECT_THAT(doubles(scene), IsEmpty());
}

TEST(DoubleQueue, NoneIfALossMayHideTheInvocation) {
    Unloading scene;
    scene.callback(10).unknown().head(7).callback(50, 100, 101).head(7).lost(20, 30);
    EXPECT_THAT(doubles(scene), IsEmpty());
    // The invocation that was seen may be that of the second one.
    Unloading mistaken;
    mistaken.callback(10, 100, 101).head(7).callback(50).head(7).lost(20, 30);
    EXPECT_THAT(doubles(mistaken), IsEmpty());
}

TEST(DoubleQueue, ALossBeforeOrAfterHidesNothing) {
    Unloading scene;
    scene.callback(10).unknown().head(7).callback(50).unknown().head(7).lost(2, 9).lost(60, 70);
    EXPECT_EQ(doubles(scene).size(), 1U);
}

TEST(DoubleQueue, HundredsAreOneForEachPairOfPlaces) {
    Unloading scene;
    for (std::uint64_t head = 1; head <= 300; head++)
        scene.callback(10).head(head);
    for (std::uint64_t head = 1; head <= 300; head++)
        scene.callback(50).head(head);
    scene.callback(60).head(1).from("third_fn", 0, "w");

    const auto hazards = doubles(scene);

    ASSERT_EQ(hazards.size(), 2U);
    EXPECT_EQ(hazards[0].callbacks.size(), 600U);
    EXPECT_THAT(hazards[0].text, HasSubstr("after it had been queued there, and 299 more times: "));
    EXPECT_THAT(hazards[1].callbacks, ElementsAre(301, 601));
}

TEST(DoubleQueue, OfTheKernelsOwnNone) {
    Unloading scene;
    scene.callback(10, {}, {}, "file_free_rcu", "").head(7).callback(50, {}, {}, "file_free_rcu", "").head(7);
    scene.callback(10, {}, {}, "f", "stranger").head(8).callback(50, {}, {}, "f", "stranger").head(8);
    scene.callback(10).head(0).callback(50).head(0);
    EXPECT_THAT(doubles(scene), IsEmpty());
}

TEST(DoubleQueue, NoneIfInvocationsCouldNotBeSeen) {
    Unloading scene;
    scene.timeline.capture.missing = {{"callback.invoked", "no such function"}};
    scene.callback(10).head(7).callback(50).head(7);
    EXPECT_THAT(doubles(scene), IsEmpty());
}

// In a truncated file the last records of some CPUs may be missing.
TEST(DoubleQueue, AtACutOnlyWhereTheFirstOnesCpuIsKnownThatLong) {
    Unloading scene;
    scene.callback(10).unknown().head(7).from("f", 1, "a").callback(50).unknown().head(7).from("f", 2, "a");
    scene.timeline.capture.complete = false;
    EXPECT_THAT(doubles(scene), IsEmpty());
    scene.callback(60).unknown().from("f", 1, "a");
    EXPECT_EQ(doubles(scene).size(), 1U);
}

// More heads than the analysis keeps after their callbacks have run.
TEST(DoubleQueue, AmongManyHeads) {
    Unloading scene;
    scene.timeline.capture.end = 1'000'000;
    scene.callback(1, 500'000, 500'001).head(7);
    for (Nanoseconds i = 2; i < 20'000; i++)
        scene.callback(i, i + 1, i + 1).head(1000 + static_cast<std::uint64_t>(i));
    scene.callback(30'000, 600'000, 600'001).head(7);
    const std::vector<Hazard> found = doubles(scene);
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].callbacks, (std::vector<std::uint32_t>{1, 20'000}));
}

TEST(DoubleQueue, GracePeriodsWithoutNumberAreNotAllLookedAtForEach) {
    const auto judge = [](std::size_t size) {
        Unloading scene;
        scene.missed("callback.invoked");
        const auto end = static_cast<Nanoseconds>(size);
        for (Nanoseconds i = 0; i < end; i++) {
            scene.callback(i).head(1 + static_cast<std::uint64_t>(i));
            GracePeriod& late = scene.timeline.grace_periods.emplace_back();
            late.end = 3 * end + i;
        }
        for (Nanoseconds i = 0; i < end; i++)
            scene.callback(end + i).head(1 + static_cast<std::uint64_t>(i));
        EXPECT_EQ(doubles(scene).size(), 1U);
    };
    EXPECT_LT(growth(1000, judge), far_from_linear);
}

} // namespace
} // namespace rcuscope::test
