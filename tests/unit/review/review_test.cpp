// SPDX-License-Identifier: BSD-2-Clause
//
// Findings in small modules (modules/*.c), as they are and corrected.
#include "review/review.hpp"

#include <gmock/gmock.h>

namespace rcuscope::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

ModuleReading reading_of(const std::string& name, const std::string& variant) {
    auto reading = review_module(RCUSCOPE_SAMPLES_DIR "/review_" + name + "_" + variant + ".ko");
    EXPECT_TRUE(reading) << reading.error().why;
    return reading.value_or(ModuleReading{});
}

// "no-barrier shown"
std::vector<std::string> findings_of(const ModuleReading& reading) {
    std::vector<std::string> findings;
    for (const Finding& finding : reading.findings)
        findings.push_back(std::string(to_text(finding.kind)) + " " + std::string(to_text(finding.sureness)));
    return findings;
}

std::vector<std::string> plain(const std::string& name) {
    return findings_of(reading_of(name, "plain"));
}

std::vector<std::string> fixed(const std::string& name) {
    return findings_of(reading_of(name, "fix"));
}

// "core obj_free"
std::vector<std::string> callbacks_of(const ModuleReading& reading) {
    std::vector<std::string> callbacks;
    for (const DeferralSite& site : reading.deferrals)
        for (const DeferredCallback& callback : site.callbacks)
            callbacks.push_back(std::string(to_text(callback.owner)) + " " + callback.function);
    return callbacks;
}

TEST(Review, CallbacksThatNothingWaitsFor) {
    const ModuleReading reading = reading_of("no_barrier", "plain");
    EXPECT_THAT(findings_of(reading), ElementsAre("no-barrier likely")); // it calls an unknown function
    EXPECT_EQ(reading.findings.at(0).place.function, "put");
    EXPECT_THAT(reading.findings.at(0).what, HasSubstr("synchronize_rcu() at stop+"));
    EXPECT_THAT(reading.findings.at(0).why, HasSubstr("schedule_something()"));
    EXPECT_THAT(callbacks_of(reading), ElementsAre("core obj_free"));
    EXPECT_EQ(reading.exit.function, "stop");
    ASSERT_EQ(reading.exit.waits.size(), 1u);
    EXPECT_EQ(reading.exit.waits[0].waits_for, WaitsFor::grace_period);
    EXPECT_TRUE(reading.exit.waits[0].certain);
    EXPECT_THAT(fixed("no_barrier"), IsEmpty());
}

TEST(Review, SourceLinesOfDebugInformation) {
    const ModuleReading reading = reading_of("no_barrier", "plain");
    ASSERT_EQ(reading.deferrals.size(), 1u);
    EXPECT_THAT(reading.deferrals[0].place.file, testing::EndsWith("tests/unit/review/modules/no_barrier.c"));
    EXPECT_EQ(reading.deferrals[0].place.line, 10u);
    EXPECT_THAT(reading.findings.at(0).what, HasSubstr(" (no_barrier.c:10)"));
}

TEST(Review, JumpsAreCalls) {
    const ModuleReading reading = reading_of("tail_calls", "plain");
    EXPECT_THAT(findings_of(reading), IsEmpty());
    ASSERT_EQ(reading.deferrals.size(), 1u);
    EXPECT_TRUE(reading.deferrals[0].jump);
    EXPECT_EQ(reading.deferrals[0].place.function, "put");
    ASSERT_EQ(reading.exit.waits.size(), 1u);
    EXPECT_EQ(reading.exit.waits[0].called, "rcu_barrier");
    EXPECT_TRUE(reading.exit.waits[0].jump);
    EXPECT_TRUE(reading.exit.waits[0].certain);
    EXPECT_EQ(reading.exit.waits[0].place.function, "wait");
}

TEST(Review, ABarrierOfAnotherFlavour) {
    const ModuleReading reading = reading_of("wrong_barrier", "plain");
    EXPECT_THAT(findings_of(reading), ElementsAre("wrong-barrier shown"));
    EXPECT_THAT(reading.findings.at(0).what, HasSubstr("rcu_barrier() at stop+"));
    EXPECT_THAT(reading.findings.at(0).remedy, HasSubstr("srcu_barrier()"));
    EXPECT_THAT(reading.not_followed, ElementsAre("call_srcu"));
    EXPECT_THAT(fixed("wrong_barrier"), IsEmpty());
}

TEST(Review, ACallbackAfterTheLastBarrier) {
    const ModuleReading reading = reading_of("too_early", "plain");
    EXPECT_THAT(findings_of(reading), ElementsAre("barrier-too-early shown"));
    EXPECT_EQ(reading.findings.at(0).place.function, "put");
    EXPECT_THAT(fixed("too_early"), IsEmpty());
}

TEST(Review, WhatRunsUntilItIsStopped) {
    for (const char* name : {"timer", "work", "late_work", "thread"}) {
        EXPECT_THAT(plain(name), ElementsAre("barrier-too-early likely")) << name;
        EXPECT_THAT(fixed(name), IsEmpty()) << name;
    }
}

TEST(Review, WhatTheKernelMayRunUntilItIsUnregistered) {
    EXPECT_THAT(plain("registered"), ElementsAre("barrier-too-early cannot-tell"));
    EXPECT_THAT(fixed("registered"), IsEmpty()); // its operations name the owner
}

TEST(Review, ACacheThatGoesBeforeItsObjects) {
    const ModuleReading reading = reading_of("cache", "plain");
    EXPECT_THAT(findings_of(reading), ElementsAre("cache-destroyed-before-barrier shown"));
    EXPECT_THAT(reading.findings.at(0).what, HasSubstr("destroys cache, into which obj_free()"));
    EXPECT_THAT(fixed("cache"), IsEmpty());
}

TEST(Review, KfreeRcuIntoACacheThatGoes) {
    const ModuleReading reading = reading_of("kfree_cache", "plain");
    EXPECT_THAT(findings_of(reading), ElementsAre("cache-destroyed-before-barrier shown"));
    EXPECT_THAT(reading.findings.at(0).what, HasSubstr("rcu_barrier() does not wait for kfree_rcu()"));
    EXPECT_THAT(fixed("kfree_cache"), ElementsAre("cache-destroyed-before-barrier cannot-tell")); // msleep()
    EXPECT_THAT(plain("kfree_cache_later"), IsEmpty()) << "kmem_cache_destroy() waits there";
}

TEST(Review, ACallbackInInitText) {
    EXPECT_THAT(plain("init_text"), ElementsAre("callback-in-init-text shown"));
    EXPECT_THAT(callbacks_of(reading_of("init_text", "plain")), ElementsAre("init obj_done"));
    EXPECT_THAT(fixed("init_text"), IsEmpty()) << "the init function waits for it";
}

TEST(Review, ACallbackThatIsAParameter) {
    EXPECT_THAT(callbacks_of(reading_of("parameter", "plain")),
                ElementsAre("core obj_free", "core obj_drop", "kernel kfree"));
    EXPECT_THAT(plain("parameter"), ElementsAre("no-barrier shown"));
    EXPECT_THAT(fixed("parameter"), IsEmpty());
}

TEST(Review, AFunctionOfTheKernelNeedsNoBarrier) {
    EXPECT_THAT(plain("kernel_callback"), IsEmpty());
    EXPECT_THAT(callbacks_of(reading_of("kernel_callback", "plain")), ElementsAre("kernel kfree"));
}

TEST(Review, WhatTheFileDoesNotDecideIsNotCalledLikely) {
    const std::vector<std::pair<std::string, std::string>> ways{
        {"completion", "wait_for_completion() at stop+"},
        {"count", "may wait for an event that the callbacks signal"},
        {"pointer", "calls an unknown function through a pointer at stop+"},
        {"reference", "drops a reference"},
        {"condition", "only if devices were unregistered"}};
    for (const auto& [name, why] : ways) {
        const ModuleReading reading = reading_of(name, "plain");
        EXPECT_THAT(findings_of(reading), ElementsAre("no-barrier cannot-tell")) << name;
        EXPECT_THAT(reading.findings.at(0).why, HasSubstr(why));
    }
    EXPECT_EQ(reading_of("pointer", "plain").exit.indirect, 1u);
}

TEST(Review, HowTheExitFunctionMayMeetCallbacks) {
    const OtherWaits completion = reading_of("completion", "plain").other_waits;
    EXPECT_EQ(completion.sleeps_in, "wait_for_completion");
    EXPECT_EQ(completion.polls_with, "");
    EXPECT_THAT(completion.wakers, ElementsAre(testing::Pair("obj_free", "complete")));
    const OtherWaits count = reading_of("count", "plain").other_waits;
    EXPECT_EQ(count.sleeps_in, "");
    EXPECT_EQ(count.polls_with, "msleep") << "the other one is in no loop";
    EXPECT_THAT(count.wakers, IsEmpty());
}

// In sample_jumps.S a callback wakes the exit function through another function in another section; the exit function
// waits in the same way.
TEST(Review, WhoWakesByAnotherFunction) {
    const auto reading = review_module(RCUSCOPE_SAMPLES_DIR "/sample_jumps.ko");
    ASSERT_TRUE(reading) << reading.error().why;
    EXPECT_EQ(reading->other_waits.sleeps_in, "wait_for_completion");
    EXPECT_THAT(reading->other_waits.wakers,
                ElementsAre(testing::Pair("jumps_callback", "complete"), testing::Pair("jumps_done", "complete")));
}

TEST(Review, AFunctionOfTheKernelThatWaitsByItself) {
    const ModuleReading reading = reading_of("pernet", "plain");
    EXPECT_THAT(findings_of(reading), IsEmpty());
    ASSERT_EQ(reading.exit.waits.size(), 1u);
    EXPECT_EQ(reading.exit.waits[0].ends_in, "rcu_barrier()");
}

TEST(Review, AModuleWithoutAnExitFunction) {
    EXPECT_THAT(plain("no_exit"), ElementsAre("no-barrier likely"));
    EXPECT_TRUE(reading_of("no_exit", "plain").unloadable);
    EXPECT_FALSE(reading_of("no_exit", "fix").unloadable); // because it has an init function
    EXPECT_THAT(fixed("no_exit"), IsEmpty());
}

TEST(Review, WorkAfterAGracePeriod) {
    EXPECT_THAT(callbacks_of(reading_of("rcu_work", "plain")), ElementsAre("core run"));
    EXPECT_THAT(plain("rcu_work"), ElementsAre("no-barrier shown")) << "destroy_workqueue() alone";
    EXPECT_THAT(fixed("rcu_work"), IsEmpty());
    EXPECT_THAT(fixed("queue"), IsEmpty()) << "rcu_barrier(), then destroy_workqueue()";
}

TEST(Review, ASectionThatIsLeftOpen) {
    const ModuleReading reading = reading_of("leak", "plain");
    EXPECT_THAT(findings_of(reading), ElementsAre("lock-without-unlock likely"));
    EXPECT_EQ(reading.findings.at(0).place.function, "check");
    EXPECT_THAT(reading.findings.at(0).what, HasSubstr("on the path through the branch at check+"));
    EXPECT_THAT(fixed("leak"), IsEmpty());
    EXPECT_THAT(plain("hidden_leak"), ElementsAre("lock-without-unlock shown"));
    EXPECT_THAT(fixed("hidden_leak"), IsEmpty());
}

TEST(Review, ConditionsThatBelongTogetherAreNoLeak) {
    EXPECT_THAT(plain("conditions"), IsEmpty());
}

TEST(Review, FunctionsThatLockForOthersAreNoLeak) {
    EXPECT_THAT(plain("helpers"), IsEmpty());
    EXPECT_THAT(plain("sequence"), IsEmpty());
}

} // namespace
} // namespace rcuscope::test
