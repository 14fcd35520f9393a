// SPDX-License-Identifier: BSD-2-Clause
//
// Tests the hazards of a module that does not wait for its callbacks: in its exit function, or in its init function for
// callbacks whose functions are in init code.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analysis/recording.hpp"

namespace rcuscope::test {
namespace {

using event::WaitKind;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(NoBarrier, IsAWarningEvenIfAllHadRunLongBefore) {
    Unloading scene;
    scene.callback(10, 20, 21).callback(30, 40, 41);
    const Hazard hazard = only(scene);
    EXPECT_EQ(hazard.kind, "no-barrier");
    EXPECT_EQ(hazard.severity, "warning");
    EXPECT_EQ(hazard.at, 480);
    EXPECT_EQ(hazard.text, "rcu_unload was not seen to wait for its callbacks (rcu_unload:node_free), queued in "
                           "rcu_unload:writer_fn+0x12 (CPU 0, task writer): all 2 had run 439 ns before its exit "
                           "function returned, perhaps by chance; call rcu_barrier() in its exit function, after the "
                           "last call_rcu(), and before it frees anything that the callbacks use.");
    EXPECT_EQ(scene.found().text, "rcu_unload: 2 callbacks, all done 559 ns before its code was freed; see no-barrier");
}

TEST(NoBarrier, IsLatentIfSynchronizeRcuIsAllThatWaited) {
    Unloading scene;
    scene.callback(405, 440, 441).wait(WaitKind::synchronize_rcu, 410, 470);
    const Hazard hazard = only(scene);
    EXPECT_EQ(hazard.kind, "no-barrier");
    EXPECT_EQ(hazard.severity, "latent");
    EXPECT_THAT(hazard.text, HasSubstr("synchronize_rcu() alone is not enough"));
}

TEST(NoBarrier, OneThatCameTooEarlyIsNone) {
    Unloading scene;
    scene.callback(10, 20, 21).wait(WaitKind::rcu_barrier, 410, 430).callback(440, 450, 451);
    EXPECT_THAT(only(scene).text, HasSubstr("its last rcu_barrier() came before the last of them was queued"));
}

TEST(NoBarrier, OneBeforeTheExitFunctionWillDo) {
    EXPECT_THAT(Unloading().callback(10, 20, 21).wait(WaitKind::rcu_barrier, 100, 130).find(), IsEmpty());
}

TEST(NoBarrier, IsNotSaidOfWhatIsNotKnown) {
    EXPECT_THAT(Unloading().callback(10, 20, 21).lost(450, 460).find(), IsEmpty());
    EXPECT_THAT(Unloading().callback(10, 20, 21).missed("wait.rcu_barrier").find(), IsEmpty());
    Unloading unseen;
    unseen.callback(10, 20, 21).timeline.capture.missing.push_back({.hook = "wait.rcu_barrier", .why = ""});
    EXPECT_THAT(unseen.find(), IsEmpty());
    EXPECT_THAT(Unloading().stays().callback(10, 20, 21).find(), IsEmpty());
}

TEST(NoBarrier, IsNotSaidWhereTheCallbackDropsAReference) {
    Unloading scene;
    scene.callback(10, 20, 30).timeline.callbacks.back().invoked_cpu = 1;
    scene.life().references = {{.at = 10, .taken = true, .count = 1}, {.at = 25, .taken = false, .count = 0, .cpu = 1}};
    EXPECT_THAT(scene.find(), IsEmpty());
    scene.life().references.back().cpu = 0; // another task's
    EXPECT_EQ(only(scene).kind, "no-barrier");
}

// The .ko shows that its callbacks may wake the exit function, which then did not need to wait.
TEST(NoBarrier, IsNotSaidOfACounterThatWasDown) {
    Unloading scene;
    ExitWays& ways = scene.timeline.exit_ways["rcu_unload"];
    ways.exit_waits_in = "wait_for_completion";
    ways.wakers = {{"node_free", "complete"}};
    scene.callback(10, 20, 21);
    EXPECT_THAT(scene.find(), IsEmpty());
    EXPECT_EQ(
        scene.found().text,
        "rcu_unload: 1 callback, done 579 ns before its code was freed; its callbacks call complete() and its exit "
        "function wait_for_completion(), by which it may wait for them, but no wait was recorded, and none was needed "
        "this time");
    ways.wakers = {{"other", "complete"}};
    EXPECT_EQ(only(scene).kind, "no-barrier");
    ways.exit_polls_with = "msleep";
    EXPECT_THAT(scene.find(), IsEmpty());
    EXPECT_THAT(scene.found().text, HasSubstr("; its exit function calls msleep() in a loop, by which it may wait "
                                              "for them, but no wait was recorded, and none was needed this time"));
}

TEST(InitText, ACallbackThereIsAHazardWhateverTheExitFunctionDoes) {
    Unloading scene;
    scene.life().init_freed = 200;
    scene.callback(3, 100, 101).wait(WaitKind::rcu_barrier, 410, 470);
    CodeLocation function = scene.timeline.callbacks[0].function;
    function.in_init = true;
    scene.timeline.callbacks[0].function = function;
    const Hazard hazard = only(scene);
    EXPECT_EQ(hazard.kind, "callback-in-init-text");
    EXPECT_EQ(hazard.severity, "latent");
    EXPECT_THAT(hazard.callbacks, ElementsAre(1));
    EXPECT_EQ(
        hazard.text,
        "1 callback of rcu_unload (rcu_unload:node_free), queued in rcu_unload:writer_fn+0x12 (CPU 0, task "
        "writer), is in its init code, whose memory is freed when the init function has returned; it had run 99 ns "
        "before that, by chance: remove __init from the callback's function, or call rcu_barrier() before the init "
        "function returns.");
    EXPECT_EQ(scene.found().text, "rcu_unload: 1 callback of its init code, done 99 ns before that code was freed; "
                                  "see callback-in-init-text; rcu_barrier() waited 60 ns");

    scene.life().init_freed = 50;
    EXPECT_EQ(only(scene).severity, "fatal");
    EXPECT_THAT(scene.analysis.hazards[0].text, HasSubstr("it had not run by then"));

    scene.life().init_freed = 200;
    scene.life().init_done = 150;
    scene.wait(WaitKind::rcu_barrier, 90, 120);
    std::swap(scene.timeline.waits[0], scene.timeline.waits[1]);
    EXPECT_THAT(scene.find(), IsEmpty()) << "the init function waited for it";
}

} // namespace
} // namespace rcuscope::test
