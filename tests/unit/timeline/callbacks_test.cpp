// SPDX-License-Identifier: BSD-2-Clause
#include <gtest/gtest.h>

#include "growth.hpp"
#include "timeline/scenario.hpp"

namespace rcuscope::test {
namespace {

TEST(Callbacks, FromQueueToReturn) {
    Scenario scenario;
    scenario.task(5, "rmmod").at(10, event::CbQueued{.head = 1, .func = Scenario::func, .caller = 0xca});
    scenario.gp_start(20, 7).assign(21, 7).gp_end(40, 7).cpu(1).invoke(50, 1).done(53, 1);

    const Timeline timeline = scenario.complete(1000);

    ASSERT_EQ(timeline.callbacks.size(), 1U);
    const Callback& callback = timeline.callbacks[0];
    EXPECT_EQ(callback.id, 1U);
    EXPECT_EQ(callback.function->address, Scenario::func);
    EXPECT_EQ(callback.caller->address, 0xcaU);
    EXPECT_EQ(callback.head, 1U);
    EXPECT_EQ(callback.queued, 10);
    EXPECT_EQ(callback.queued_tid, 100U);
    EXPECT_EQ(callback.queued_comm, "rmmod");
    EXPECT_EQ(callback.queued_cpu, 0U);
    EXPECT_EQ(callback.invoked, 50);
    EXPECT_EQ(callback.done, 53);
    EXPECT_EQ(callback.invoked_cpu, 1U);
    EXPECT_EQ(callback.grace_period, 1U);
    EXPECT_EQ(callback.state, CallbackState::done);
}

// The program for an invocation, or for a call_rcu(), was skipped.
Trailer with_missed(Scenario& scenario, const std::string& hook) {
    scenario.metadata.probes = {{.hook = hook, .via = "fentry", .symbol = "somewhere"}};
    Trailer trailer;
    trailer.end_ns = Scenario::absolute(1000);
    trailer.hits = {{.hook = hook, .via = "fentry", .hits = 5, .missed = 1}};
    return trailer;
}

TEST(Callbacks, WithoutAnInvocationAreUnknownIfAnyWasMissed) {
    Scenario scenario;
    scenario.queue(10, 1).queue(20, 2).invoke(30, 2).done(31, 2);
    EXPECT_EQ(scenario.complete(1000).callbacks.at(0).state, CallbackState::pending);

    const Timeline timeline = scenario.complete(with_missed(scenario, "callback.invoked"));

    EXPECT_EQ(timeline.callbacks.at(0).state, CallbackState::unknown);
    EXPECT_EQ(timeline.callbacks.at(1).state, CallbackState::done);
}

TEST(Callbacks, OfOneHeadAreNotToldApartIfAnInvocationWasMissed) {
    Scenario scenario;
    scenario.queue(10, 1).queue(30, 1).invoke(40, 1).done(41, 1);
    EXPECT_EQ(scenario.complete(1000).callbacks.at(0).invoked, 40);

    const Timeline timeline = scenario.complete(with_missed(scenario, "callback.invoked"));

    for (const Callback& callback : timeline.callbacks) {
        EXPECT_EQ(callback.invoked, std::nullopt);
        EXPECT_EQ(callback.invoked_cpu, std::nullopt);
        EXPECT_EQ(callback.state, CallbackState::unknown);
    }
}

TEST(Callbacks, OfOneHeadAreToldApartWhereTheListWasRunPastTheFirst) {
    Scenario scenario;
    scenario.queue(10, 1).queue(11, 2).tid(30).task(15, "ksoftirqd/0", true);
    scenario.at(19, event::BatchBegin{.list_cpu = 0}).invoke(20, 2).done(21, 2).at(22, event::BatchEnd{});
    scenario.queue(30, 1).invoke(40, 1).done(41, 1).queue(50, 1).invoke(60, 1).done(61, 1);

    const Timeline timeline = scenario.complete(with_missed(scenario, "callback.invoked"));

    ASSERT_EQ(timeline.callbacks.size(), 4U);
    EXPECT_EQ(timeline.callbacks[0].invoked, std::nullopt);
    EXPECT_EQ(timeline.callbacks[0].state, CallbackState::unknown);
    EXPECT_EQ(timeline.callbacks[2].invoked, 40);
    EXPECT_EQ(timeline.callbacks[2].state, CallbackState::done);
    EXPECT_EQ(timeline.callbacks[3].done, 61);
}

TEST(Callbacks, AListThatWasRunUpToTheFirstTellsNothingOfIt) {
    Scenario scenario;
    scenario.queue(10, 2).queue(11, 1).tid(30).task(15, "ksoftirqd/0", true);
    scenario.at(19, event::BatchBegin{.list_cpu = 0}).invoke(20, 2).done(21, 2).at(22, event::BatchEnd{});
    scenario.queue(30, 1).invoke(40, 1).done(41, 1);

    const Timeline timeline = scenario.complete(with_missed(scenario, "callback.invoked"));

    EXPECT_EQ(timeline.callbacks.at(1).invoked, std::nullopt);
    EXPECT_EQ(timeline.callbacks.at(2).invoked, std::nullopt);
}

TEST(Callbacks, AnInvocationWithoutItsQueueingIsNobodys) {
    Scenario scenario;
    scenario.queue(10, 1).invoke(20, 1).done(21, 1).invoke(30, 1).done(31, 1).queue(40, 1);

    const Timeline timeline = scenario.complete(with_missed(scenario, "callback.queued"));

    ASSERT_EQ(timeline.callbacks.size(), 2U);
    EXPECT_EQ(timeline.callbacks[0].done, 21);
    EXPECT_EQ(timeline.callbacks[1].state, CallbackState::pending);
}

TEST(Callbacks, AHeadIsReusedAfterItsInvocation) {
    const Timeline timeline =
        Scenario().queue(10, 1).invoke(20, 1).done(21, 1).queue(30, 1).invoke(40, 1).done(41, 1).complete(1000);

    ASSERT_EQ(timeline.callbacks.size(), 2U);
    EXPECT_EQ(timeline.callbacks[0].done, 21);
    EXPECT_EQ(timeline.callbacks[1].invoked, 40);
    EXPECT_EQ(timeline.callbacks[1].done, 41);
}

TEST(Callbacks, ACallbackQueuesItselfAgain) {
    const Timeline timeline =
        Scenario().queue(10, 1).invoke(20, 1).queue(21, 1).done(22, 1).invoke(40, 1).done(41, 1).complete(1000);

    ASSERT_EQ(timeline.callbacks.size(), 2U);
    EXPECT_EQ(timeline.callbacks[0].done, 22);
    EXPECT_EQ(timeline.callbacks[1].done, 41);
}

TEST(Callbacks, AHeadQueuedTwiceIsShownTwice) {
    const Timeline timeline = Scenario().queue(10, 1).queue(11, 1).queue(12, 1).invoke(20, 1).done(21, 1).complete(99);

    ASSERT_EQ(timeline.callbacks.size(), 3U);
    EXPECT_EQ(timeline.callbacks[0].done, 21);
    EXPECT_EQ(timeline.callbacks[1].state, CallbackState::pending);
    EXPECT_EQ(timeline.callbacks[2].state, CallbackState::pending);
}

TEST(Callbacks, AHeadQueuedAgainAfterALossStartsAnew) {
    const Timeline timeline =
        Scenario().queue(10, 1).cpu(1).lost(12, 15, 3).cpu(0).queue(20, 1).invoke(30, 1).done(31, 1).complete(99);

    ASSERT_EQ(timeline.callbacks.size(), 2U);
    EXPECT_EQ(timeline.callbacks[0].state, CallbackState::unknown);
    EXPECT_EQ(timeline.callbacks[0].invoked, std::nullopt);
    EXPECT_EQ(timeline.callbacks[1].done, 31);
}

// Two modules, one loaded at the address of the other.
TEST(Callbacks, AHeadWhoseCodeIsGoneStartsAnew) {
    Scenario scenario;
    scenario.symbols = {{.address = Scenario::func, .name = "note", .offset = 0, .module = "first"}};
    scenario.queue(10, 1).module(20, event::ModuleStep::freed, "first").queue(30, 1).invoke(40, 1).done(41, 1);

    const Timeline timeline = scenario.complete(1000);

    EXPECT_EQ(timeline.callbacks.at(0).invoked, std::nullopt);
    EXPECT_EQ(timeline.callbacks.at(1).done, 41);
}

TEST(Callbacks, AnotherFunctionOfTheSameHeadIsAnotherCallback) {
    const Timeline timeline = Scenario().queue(10, 1, 0xa).invoke(20, 1, 0xb).invoke(30, 1, 0xa).complete(99);

    EXPECT_EQ(timeline.callbacks.at(0).invoked, std::nullopt);
    EXPECT_EQ(timeline.callbacks.at(0).state, CallbackState::unknown);
}

// No later invocation belongs to it, and it is not pending only because no invocation is seen.
TEST(Callbacks, OneWhoseEndWillNotBeSeenIsUnknown) {
    Scenario scenario;
    scenario.at(10, event::CbQueued{.head = 1, .func = 0xa, .end_unseen = true});
    scenario.queue(11, 2, 0xa).invoke(20, 1, 0xa).done(21, 1).invoke(22, 2, 0xa).done(23, 2);

    const Timeline timeline = scenario.complete(99);

    ASSERT_EQ(timeline.callbacks.size(), 2U);
    EXPECT_EQ(timeline.callbacks[0].state, CallbackState::unknown);
    EXPECT_EQ(timeline.callbacks[0].invoked, std::nullopt);
    EXPECT_EQ(timeline.callbacks[1].done, 23);
}

TEST(Callbacks, InvocationsOfWhatWasNotSeenQueuedAreIgnored) {
    const Timeline timeline = Scenario().invoke(10, 1).done(11, 1).done(12, 2).assign(13, 7, 9).complete(99);
    EXPECT_TRUE(timeline.callbacks.empty());
}

TEST(Callbacks, ManyHeads) {
    constexpr Nanoseconds count = 20'000;
    Scenario scenario;
    scenario.queue(1, 1);
    for (Nanoseconds i = 2; i <= count; i++) {
        const auto head = static_cast<std::uint64_t>(i);
        scenario.queue(10 * i, head).invoke(10 * i + 5, head).done(10 * i + 6, head);
    }
    const Nanoseconds end = 10 * (count + 1);
    const Timeline timeline = scenario.invoke(end, 1).done(end + 1, 1).complete(end + 2);

    ASSERT_EQ(timeline.callbacks.size(), static_cast<std::size_t>(count));
    EXPECT_EQ(timeline.callbacks[0].done, end + 1);
    for (Nanoseconds i = 2; i <= count; i++)
        ASSERT_EQ(timeline.callbacks[static_cast<std::size_t>(i - 1)].done, 10 * i + 6);
}

using Pairs = std::vector<std::pair<std::uint32_t, std::uint32_t>>;

Pairs requeued(const Timeline& timeline) {
    Pairs pairs;
    for (const Requeue& each : timeline.requeued)
        pairs.emplace_back(each.first, each.second);
    return pairs;
}

TEST(Requeued, NotAHeadThatWasInvokedBefore) {
    Scenario scenario;
    for (std::uint64_t i = 0; i < 100; i++) {
        const auto at = static_cast<Nanoseconds>(10 * i);
        scenario.queue(at, 1).queue(at + 1, 2).invoke(at + 5, 1).done(at + 6, 1).invoke(at + 7, 2).done(at + 8, 2);
    }
    EXPECT_EQ(requeued(scenario.complete(2000)), Pairs());
}

TEST(Requeued, AHeadThatIsPending) {
    EXPECT_EQ(requeued(Scenario().queue(1, 1).queue(2, 1).queue(3, 1).complete(99)), (Pairs{{1, 2}, {2, 3}}));
    EXPECT_EQ(requeued(Scenario().queue(1, 1).queue(2, 1).invoke(3, 1).invoke(4, 1).queue(5, 1).complete(99)),
              (Pairs{{1, 2}}));
}

TEST(Requeued, AHeadWhoseInvocationIsNotRecorded) {
    EXPECT_EQ(requeued(Scenario().queue(1, 1).lost(2, 3, 1).queue(4, 1).complete(99)), (Pairs{{1, 2}}));
    // The invocation with another function ends the first callback, and is of none that is known.
    EXPECT_EQ(requeued(Scenario().queue(1, 1).invoke(2, 1, 0xbad).queue(3, 1).complete(99)), (Pairs{{1, 2}}));
}

TEST(Requeued, RefersToIdsWhateverTheOrderOfTheRecords) {
    EXPECT_EQ(requeued(Scenario().queue(10, 1).queue(20, 1).queue(5, 2).complete(99)), (Pairs{{2, 3}}));
}

TEST(Callbacks, NotInvokedIsPending) {
    const Timeline timeline = Scenario().queue(10, 1).complete(99);
    EXPECT_EQ(timeline.callbacks.at(0).state, CallbackState::pending);
}

TEST(Callbacks, NotInvokedIsUnknownWhereTheRecordingWasCutOff) {
    const Timeline timeline = Scenario().queue(10, 1).cut_off();
    EXPECT_EQ(timeline.callbacks.at(0).state, CallbackState::unknown);
    EXPECT_EQ(timeline.callbacks.at(0).invoked, std::nullopt);
}

TEST(Callbacks, NotInvokedIsUnknownIfAnyCpuLostSomethingSince) {
    const Timeline timeline = Scenario().queue(10, 1).cpu(1).lost(5, 15, 2).cpu(0).queue(20, 2).complete(99);
    EXPECT_EQ(timeline.callbacks.at(0).state, CallbackState::unknown);
    EXPECT_EQ(timeline.callbacks.at(1).state, CallbackState::pending);
}

TEST(Callbacks, InvokedButNotDoneIsUnknown) {
    const Timeline timeline = Scenario().queue(10, 1).invoke(20, 1).complete(99);
    EXPECT_EQ(timeline.callbacks.at(0).invoked, 20);
    EXPECT_EQ(timeline.callbacks.at(0).state, CallbackState::unknown);
}

TEST(Callbacks, AReturnAfterALossOnItsCpuMayBeOfAnotherRound) {
    const Timeline timeline = Scenario().queue(10, 1).invoke(20, 1).lost(21, 29, 4).done(30, 1).complete(99);
    EXPECT_EQ(timeline.callbacks.at(0).done, std::nullopt);
    EXPECT_EQ(timeline.callbacks.at(0).state, CallbackState::unknown);
}

TEST(Callbacks, ATaskMayGoToAnotherCpuBetweenTwoOfABatch) {
    Scenario scenario;
    scenario.queue(10, 1).queue(11, 2).tid(30).task(15, "rcuop/0", true).invoke(20, 1);
    scenario.cpu(1).next(25, 1, 2).cpu(0).done(31, 2);
    const Timeline timeline = scenario.complete(99);
    EXPECT_EQ(timeline.callbacks.at(0).done, 25);
    EXPECT_EQ(timeline.callbacks.at(1).done, 31);
    EXPECT_EQ(timeline.callbacks.at(1).invoked_cpu, 1U);
}

TEST(Callbacks, ElsewhereNothingElseReturns) {
    // Not the return of a softirq's callback, ...
    EXPECT_EQ(Scenario().queue(10, 1).invoke(20, 1).cpu(1).done(30, 1).complete(99).callbacks.at(0).done, std::nullopt);
    // ... not of another task's, ...
    Scenario others;
    others.queue(10, 1).tid(31).task(14, "rcuop/1", true).tid(30).task(15, "rcuop/0", true).invoke(20, 1);
    EXPECT_EQ(others.cpu(1).tid(31).done(30, 1).complete(99).callbacks.at(0).done, std::nullopt);
    // ... and not one that may belong to another round.
    Scenario lossy;
    lossy.queue(10, 1).tid(30).task(15, "rcuop/0", true).invoke(20, 1).cpu(1).lost(21, 29, 4).done(30, 1);
    EXPECT_EQ(lossy.complete(99).callbacks.at(0).done, std::nullopt);
}

TEST(Callbacks, TheNextOneOfABatchEndsTheOneBefore) {
    const Timeline timeline =
        Scenario().queue(10, 1).queue(11, 2).invoke(20, 1).next(25, 1, 2).done(31, 2).complete(99);
    ASSERT_EQ(timeline.callbacks.size(), 2U);
    EXPECT_EQ(timeline.callbacks[0].done, 25);
    EXPECT_EQ(timeline.callbacks[1].invoked, 25);
    EXPECT_EQ(timeline.callbacks[1].done, 31);
}

TEST(Callbacks, TheNextOneAfterALossEndsNothing) {
    const Timeline timeline =
        Scenario().queue(10, 1).queue(11, 2).invoke(20, 1).lost(21, 24, 4).next(25, 1, 2).done(31, 2).complete(99);
    EXPECT_EQ(timeline.callbacks.at(0).done, std::nullopt);
    EXPECT_EQ(timeline.callbacks.at(1).done, 31);
}

TEST(Callbacks, EqualTimesKeepTheOrderOfEvents) {
    const Timeline timeline = Scenario().queue(10, 1).invoke(10, 1).done(10, 1).queue(10, 2).complete(99);

    ASSERT_EQ(timeline.callbacks.size(), 2U);
    EXPECT_EQ(timeline.callbacks[0].head, 1U);
    EXPECT_EQ(timeline.callbacks[0].done, 10);
    EXPECT_EQ(timeline.callbacks[1].head, 2U);
}

TEST(Callbacks, NegativeTimes) {
    const Timeline timeline = Scenario().queue(-30, 1).invoke(-10, 1).done(5, 1).complete(99);
    EXPECT_EQ(timeline.callbacks.at(0).queued, -30);
    EXPECT_EQ(timeline.callbacks.at(0).invoked, -10);
}

TEST(CallbackContext, IsThatOfTheTask) {
    struct Case {
        const char* comm;
        bool kthread;
        InvocationContext expected;
    };
    for (const Case& row :
         {Case{"ksoftirqd/0", true, InvocationContext::ksoftirqd}, Case{"rcuc/1", true, InvocationContext::rcuc},
          Case{"rcuop/1", true, InvocationContext::rcuo}, Case{"rcu_preempt", true, InvocationContext::softirq},
          Case{"rcuop/1", false, InvocationContext::softirq}, Case{"bash", false, InvocationContext::softirq}}) {
        const Timeline timeline =
            Scenario().queue(1, 1).tid(9).task(2, row.comm, row.kthread).invoke(3, 1).complete(99);
        EXPECT_EQ(timeline.callbacks.at(0).context, row.expected) << row.comm;
    }
}

TEST(CallbackContext, OfATaskNeverDescribedIsUnknownExceptIdle) {
    const Timeline timeline = Scenario().queue(1, 1).queue(2, 2).invoke(3, 1).tid(0).invoke(4, 2).complete(99);
    EXPECT_EQ(timeline.callbacks.at(0).context, InvocationContext::unknown);
    EXPECT_EQ(timeline.callbacks.at(1).context, InvocationContext::softirq);
}

} // namespace
} // namespace rcuscope::test
