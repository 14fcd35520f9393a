// SPDX-License-Identifier: BSD-2-Clause
//
// Tests what the kernel's own counts of pending callbacks and of skipped probes change in the hazards of unloading.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analysis/recording.hpp"

namespace rcuscope::test {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

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
    EXPECT_THAT(hazard.text,
                HasSubstr("had run by then, because the kernel skipped the probe of their invocation at times"));
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
    EXPECT_THAT(hazard.text, HasSubstr("is cut off"));
    EXPECT_THAT(hazard.text, HasSubstr("20000 of its callbacks had not run, as counted in the kernel"));
}

// In a truncated file the last records of a CPU may be missing.
TEST(KernelsCount, OfZeroAtACutIsBelieved) {
    EXPECT_THAT(Unloading().callback(450).unknown().counted(0, 0, {}).cut_off_at(540).find(), IsEmpty());
}

} // namespace
} // namespace rcuscope::test
