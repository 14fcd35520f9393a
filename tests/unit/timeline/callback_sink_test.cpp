// SPDX-License-Identifier: BSD-2-Clause
#include "timeline/callback_sink.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <utility>
#include <vector>

#include "timeline/scenario.hpp"

namespace rcuscope::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr int many_callbacks = 5000; // more than one batch

class Taken final : public CallbackSink {
public:
    void take(const Callback& callback, const GracePeriod* released_by, bool kept) override {
        ids.push_back(callback.id);
        kept_ids += kept ? 1 : 0;
        with_grace_period += released_by != nullptr ? 1 : 0;
        if (released_by != nullptr) {
            EXPECT_LE(callback.queued, *released_by->start);
            EXPECT_GE(*callback.invoked, *released_by->end);
        }
        done += callback.state == CallbackState::done ? 1 : 0;
    }
    void released(const Callback& callback, const GracePeriod& by) override {
        released_ids.push_back(callback.id);
        EXPECT_GE(*callback.invoked, *by.end);
    }

    std::vector<std::uint32_t> ids;
    std::vector<std::uint32_t> released_ids;
    int kept_ids = 0;
    int with_grace_period = 0;
    int done = 0;
};

// So many callbacks, each with its own grace period, from time 100 on, every ten nanoseconds.
Scenario one_by_one(int callbacks) {
    Scenario scenario;
    for (int i = 0; i < callbacks; i++) {
        const Nanoseconds at = 100 + 10 * i;
        const std::uint64_t counter = static_cast<std::uint64_t>(i) + 1;
        scenario.queue(at, 1).gp_start(at + 1, counter).assign(at + 2, counter).gp_end(at + 3, counter);
        scenario.invoke(at + 4, 1).done(at + 5, 1);
    }
    return scenario;
}
constexpr Nanoseconds end_of(int callbacks) {
    return 100 + 10 * callbacks;
}

TEST(CallbackSink, GetsEachOnceByItsQueueing) {
    Taken taken;
    const auto timeline = one_by_one(many_callbacks).complete(end_of(many_callbacks), taken);

    ASSERT_TRUE(timeline);
    ASSERT_EQ(taken.ids.size(), std::size_t{many_callbacks});
    for (std::size_t i = 0; i < taken.ids.size(); i++)
        ASSERT_EQ(taken.ids[i], i + 1);
    EXPECT_EQ(taken.done, many_callbacks);
    EXPECT_EQ(taken.with_grace_period, many_callbacks);
    EXPECT_LT(taken.kept_ids, 2000) << "most are given before the end";
    EXPECT_EQ(timeline->callbacks.size(), static_cast<std::size_t>(taken.kept_ids));
    EXPECT_EQ(timeline->callback_bounds.max_pending, 1U);
}

TEST(CallbackSink, GetsAtTheEndWhatIsPending) {
    Scenario scenario = one_by_one(10);
    scenario.queue(201, 7).queue(202, 8);
    Taken taken;
    const auto timeline = scenario.complete(300, taken);

    ASSERT_TRUE(timeline);
    EXPECT_EQ(taken.ids.size(), 12U);
    EXPECT_EQ(taken.done, 10);
    EXPECT_EQ(timeline->callbacks.size(), 12U);
    EXPECT_EQ(timeline->callbacks.back().state, CallbackState::pending);
}

// A callback that waits from the beginning delays all that were queued after it, because the taker gets them in
// order.
TEST(CallbackSink, WaitsForTheOldest) {
    Scenario scenario;
    scenario.queue(1, 99);
    scenario.append(one_by_one(many_callbacks));
    Taken taken;
    const auto timeline = scenario.complete(end_of(many_callbacks), taken);

    ASSERT_TRUE(timeline);
    EXPECT_EQ(taken.ids.size(), std::size_t{many_callbacks} + 1);
    EXPECT_EQ(timeline->callbacks.size(), std::size_t{many_callbacks} + 1);
    EXPECT_EQ(timeline->callbacks[0].state, CallbackState::pending);
}

TEST(CallbackSink, MoreThanCanWaitAreForRows) {
    Scenario scenario;
    scenario.queue(1, 99);
    scenario.append(one_by_one(300'000));
    Taken taken;
    EXPECT_FALSE(scenario.complete(end_of(300'000), taken));
}

// Callbacks that run while their module is being unloaded are judged at the end, so they stay in the timeline.
TEST(CallbackSink, LeavesThoseOfAModuleThatGoes) {
    const auto of_module = [](Scenario& scenario, int from, int callbacks) {
        for (int i = 0; i < callbacks; i++) {
            const Nanoseconds at = from + 10 * i;
            scenario.queue(at, 1, 0xd0).invoke(at + 4, 1, 0xd0).done(at + 5, 1);
        }
    };
    Scenario scenario;
    scenario.symbols.push_back({.address = 0xd0, .name = "node_free", .offset = 0, .module = "rcu_demo"});
    scenario.module(1, event::ModuleStep::coming, "rcu_demo").module(2, event::ModuleStep::live, "rcu_demo");
    of_module(scenario, 100, many_callbacks);
    scenario.module(end_of(many_callbacks), event::ModuleStep::unloading, "rcu_demo");
    of_module(scenario, static_cast<int>(end_of(many_callbacks)) + 100, many_callbacks);
    Taken taken;
    const auto timeline = scenario.complete(2 * end_of(many_callbacks) + 200, taken);

    ASSERT_TRUE(timeline);
    EXPECT_EQ(taken.ids.size(), 2 * std::size_t{many_callbacks});
    EXPECT_GE(timeline->callbacks.size(), std::size_t{many_callbacks});
    EXPECT_LT(timeline->callbacks.size(), std::size_t{many_callbacks} + 2000);
    EXPECT_EQ(timeline->callbacks.back().id, 2U * many_callbacks);
}

// Objects of the cache may have belonged to callbacks that were pending then.
TEST(CallbackSink, LeavesThoseThatWerePendingWhenACacheWasDestroyed) {
    Scenario scenario;
    scenario.queue(50, 7).at(60, event::CacheLeft{event::CacheLeft::What{.cache = 1, .name = "nodes"}});
    scenario.invoke(70, 7).done(71, 7).queue(80, 7).invoke(90, 7).done(91, 7);
    scenario.append(one_by_one(many_callbacks));
    Taken taken;
    const auto timeline = scenario.complete(end_of(many_callbacks), taken);

    ASSERT_TRUE(timeline);
    EXPECT_EQ(taken.ids.size(), std::size_t{many_callbacks} + 2);
    ASSERT_LT(timeline->callbacks.size(), 2000U);
    EXPECT_EQ(timeline->callbacks[0].queued, 50);
    EXPECT_GT(timeline->callbacks[1].queued, 80);
}

// The grace period was still unknown when the callback that it released was invoked.
TEST(CallbackSink, IsToldOfAGracePeriodLater) {
    Scenario scenario;
    scenario.queue(10, 7).assign(11, 999'999).invoke(12, 7).gp_end(12, 999'999).done(13, 7);
    scenario.append(one_by_one(many_callbacks));
    Taken taken;
    const auto timeline = scenario.complete(end_of(many_callbacks), taken);

    ASSERT_TRUE(timeline);
    EXPECT_EQ(taken.ids.size(), std::size_t{many_callbacks} + 1);
    EXPECT_EQ(taken.with_grace_period, many_callbacks);
    EXPECT_THAT(taken.released_ids, ElementsAre(1));
    EXPECT_EQ(timeline->callbacks[0].grace_period, 1U);
}

TEST(CallbackSink, WhatIsOddIsForRows) {
    const auto fits = [](const Scenario& scenario) {
        Taken taken;
        return scenario.complete(1000, taken).has_value();
    };
    EXPECT_TRUE(fits(one_by_one(5)));
    Scenario twice = one_by_one(5);
    EXPECT_FALSE(fits(twice.queue(300, 5).queue(310, 5).invoke(320, 5).done(321, 5)));
    Scenario lossy = one_by_one(5);
    EXPECT_FALSE(fits(lossy.lost(300, 310, 4)));
    Scenario backwards = one_by_one(5);
    EXPECT_FALSE(fits(backwards.queue(90, 8)));
    Scenario reused = one_by_one(5);
    EXPECT_FALSE(fits(reused.queue(300, 5, 0xaaa).invoke(310, 5, 0xbbb).queue(320, 5)));
    Taken taken;
    TimelineBuilder cut({}, {}, &taken);
    EXPECT_FALSE(std::move(cut).finish_with_sink(std::nullopt, "cut"));
}

// A callback relied on a grace period that turns out to be one of the tracer's own.
TEST(CallbackSink, WhatIsLearntTooLateIsForRows) {
    Scenario scenario = one_by_one(many_callbacks);
    scenario.metadata.sequences = RcuSequences{.gp_seq = running(1), .expedited_seq = 0};
    Taken taken;
    EXPECT_FALSE(scenario.complete(end_of(many_callbacks), taken));
}

} // namespace
} // namespace rcuscope::test
