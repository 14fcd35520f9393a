// SPDX-License-Identifier: BSD-2-Clause
//
// Tests the verdict on a module that was unloaded.
#include <cerrno>
#include <gtest/gtest.h>
#include <limits>

#include "analysis/recording.hpp"

namespace rcuscope::test {
namespace {

using event::WaitKind;

TEST(Verdict, OfModulesThatAreNotFollowedNone) {
    Unloading scene;
    scene.life().followed = false;
    EXPECT_EQ(scene.callback(10, 20, 21).verdict(), "");
}

TEST(Verdict, AllDoneInTime) {
    EXPECT_EQ(Unloading().callback(10, 20, 21).callback(30, 460, 461).wait(WaitKind::rcu_barrier, 410, 470).verdict(),
              "rcu_unload: 2 callbacks, all done 139 ns before its code was freed; rcu_barrier() waited 60 ns");
    EXPECT_EQ(Unloading().callback(10, 20, 21).wait(WaitKind::synchronize_rcu, 410, 470).verdict(),
              "rcu_unload: 1 callback, done 579 ns before its code was freed; see no-barrier; synchronize_rcu() waited "
              "60 ns");
}

TEST(Verdict, NothingWasQueued) {
    EXPECT_EQ(Unloading().verdict(), "rcu_unload: nothing was queued");
    Unloading jumps;
    jumps.timeline.capture.missing = {{.hook = "module.jumps", .why = "that rcu_unload:a function+0x2c jumps"}};
    EXPECT_EQ(jumps.verdict(), "rcu_unload: no queueing was recorded");
    Unloading srcu;
    srcu.timeline.capture.not_followed = {{.module = "rcu_unload", .calls = {"call_srcu()"}}};
    EXPECT_EQ(srcu.verdict(), "rcu_unload: no queueing was recorded");
    EXPECT_EQ(Unloading().missed("callback.queued").verdict(), "rcu_unload: no queueing was recorded");
    EXPECT_EQ(Unloading().missed("callback.queued.hurry").verdict(), "rcu_unload: no queueing was recorded");
}

TEST(Verdict, SkippedQueueingsMayHaveBeenMoreCallbacks) {
    EXPECT_THAT(Unloading().callback(10, 20, 21).missed("callback.queued", 3).verdict(),
                HasSubstr("; 3 queueings of any module were not recorded, so there may have been more"));
    EXPECT_THAT(Unloading().callback(10, 20, 21).missed("gp.sample", 3).verdict(),
                Not(HasSubstr("may have been more")));
}

// Functions of the kernel and kfree_rcu() run no code of the module, so no barrier is required.
TEST(Verdict, NamesWhatItQueuedWithFunctionsOfOthers) {
    Unloading scene;
    scene.callback(10, 20, 21, "kfree", "").callback(11, 20, 21, "kfree", "").callback(12, 20, 21, "f", "other");
    scene.timeline.kvfree_calls.push_back(
        {.at = 30, .caller = {.address = 1, .function = "x", .module = "rcu_unload"}});
    EXPECT_EQ(scene.verdict(), "rcu_unload: 3 callbacks with functions that are not its own (kfree and other:f) and 1 "
                               "call of kfree_rcu() or kvfree_rcu()");
    EXPECT_TRUE(scene.analysis.hazards.empty());
}

TEST(Verdict, ReturnsThatWereNotSeenAreNotClaimed) {
    EXPECT_EQ(Unloading().callback(10, 20, 21).callback(30, 460).verdict(),
              "rcu_unload: 2 callbacks, all had begun to run before its code was freed; see no-barrier");
}

TEST(Verdict, NamesTheHazard) {
    EXPECT_EQ(Unloading().callback(10, 20, 21).callback(490, 700, 701).verdict(),
              "rcu_unload: 1 of 2 callbacks had not run when its code was freed: see freed-with-pending-callbacks");
    EXPECT_EQ(Unloading().callback(10, 20, 21).callback(490, 550, 551).verdict(),
              "rcu_unload: 1 of 2 callbacks had not run when its exit function had returned: see exit-without-barrier");
    EXPECT_EQ(Unloading().callback(490).unknown().cut_off_at(540).verdict(),
              "rcu_unload: 1 of 1 callback had not run when the recording was cut off: see "
              "freed-with-pending-callbacks");
    EXPECT_EQ(Unloading().init_failed().callback(490, 550, 551).verdict(),
              "rcu_unload: its init function failed (-12); 1 of 1 callback had not run when its init function had "
              "failed: see init-failed-with-pending-callbacks");
}

TEST(Verdict, NamesTheLatentHazardOfAnOrderlyEnd) {
    Unloading scene;
    scene.callback(490).cut_off_at(540).timeline.capture.complete = true;
    EXPECT_EQ(scene.verdict(),
              "rcu_unload: 1 of 1 callback had not run when the recording ended: see exit-without-barrier");
}

TEST(Verdict, OfAModuleThatStays) {
    EXPECT_EQ(Unloading().stays().callback(10, 20, 21).callback(30).verdict(),
              "rcu_unload: still loaded at the end; 1 of 2 callbacks pending");
    EXPECT_EQ(Unloading().stays().callback(10, 20, 21).verdict(),
              "rcu_unload: still loaded at the end; 1 callback, all had run");
    EXPECT_EQ(Unloading().stays().verdict(), "rcu_unload: still loaded at the end; nothing was queued");
    Unloading cut;
    cut.stays().callback(30).unknown().timeline.capture.complete = false;
    EXPECT_EQ(cut.verdict(), "rcu_unload: loaded when the recording was cut off; 1 of 1 callback not seen to run");
}

TEST(Verdict, OfRefusals) {
    Unloading scene;
    scene.stays().life().refusals = {{.at = 300, .error = -EWOULDBLOCK}, {.at = 310, .error = -EWOULDBLOCK}};
    EXPECT_EQ(scene.verdict(), "rcu_unload: still loaded at the end; nothing was queued; unloading was refused 2 times "
                               "(module in use)");
    scene.life().refusals.push_back({.at = 320, .error = -EBUSY});
    EXPECT_EQ(scene.verdict(), "rcu_unload: still loaded at the end; nothing was queued; unloading was refused 3 times "
                               "(module in use and Device or resource busy)");
}

TEST(Verdict, ARefusalsErrorMayBeAnything) {
    Unloading scene;
    scene.stays().life().refusals = {{.at = 300, .error = std::numeric_limits<int>::min()}};
    EXPECT_EQ(scene.verdict(), "rcu_unload: still loaded at the end; nothing was queued; unloading was refused 1 time "
                               "(error -2147483648)");
}

TEST(Verdict, NeverClaimsMoreThanIsKnown) {
    EXPECT_EQ(Unloading().lost(30, 40).verdict(),
              "rcu_unload: no callback is in the recording; records were lost, so there may have been more");
    EXPECT_EQ(Unloading().lost(30, 40).callback(10, 20, 21).counted(0, 0, 0).verdict(),
              "rcu_unload: 1 callback, done 579 ns before its code was freed; records were lost, but by the kernel's "
              "count none was left");
    EXPECT_EQ(Unloading().lost(30, 40).callback(10).unknown().counted(0, 0, 0).verdict(),
              "rcu_unload: 1 callback, of which 1 was not seen to run; records were lost, but by the kernel's count "
              "none was left");
    EXPECT_EQ(Unloading().lost(30, 40).callback(10).unknown().verdict(),
              "rcu_unload: it is not known whether 1 of 1 callback had run when its code was freed: see "
              "freed-with-pending-callbacks; records were lost, so there may have been more");
    EXPECT_EQ(Unloading().lost(30, 40).counted(20, 20, 20).verdict(),
              "rcu_unload: 20 callbacks had not run when its code was freed: see freed-with-pending-callbacks; records "
              "were lost, so there may have been more");
}

} // namespace
} // namespace rcuscope::test
