// SPDX-License-Identifier: BSD-2-Clause
#include <gtest/gtest.h>

#include "timeline/scenario.hpp"

namespace rcuscope::test {
namespace {

using event::WaitBegin;
using event::WaitEnd;
using event::WaitKind;

TEST(Waits, AnExpeditedOneInsideANormalOneIsItsForm) {
    Scenario scenario;
    scenario.task(1, "rmmod").at(10, WaitBegin{.caller = 0xca});
    scenario.at(11, WaitBegin{.kind = WaitKind::synchronize_rcu_expedited});
    scenario.at(20, WaitEnd{.kind = WaitKind::synchronize_rcu_expedited}).at(21, WaitEnd{});

    const Timeline timeline = scenario.complete(99);

    ASSERT_EQ(timeline.waits.size(), 1U);
    EXPECT_EQ(timeline.waits[0].kind, WaitKind::synchronize_rcu);
    EXPECT_TRUE(timeline.waits[0].expedited);
    EXPECT_EQ(timeline.waits[0].comm, "rmmod");
    EXPECT_EQ(timeline.waits[0].caller.address, 0xcaU);
    EXPECT_EQ(timeline.waits[0].end, 21);
}

TEST(Waits, AnEndMatchesItsTaskAndKindOnly) {
    const Timeline timeline = Scenario()
                                  .at(5, WaitEnd{})
                                  .at(10, WaitBegin{.kind = WaitKind::rcu_barrier})
                                  .at(11, WaitEnd{})
                                  .tid(7)
                                  .at(12, WaitEnd{.kind = WaitKind::rcu_barrier})
                                  .complete(99);
    ASSERT_EQ(timeline.waits.size(), 1U);
    EXPECT_EQ(timeline.waits[0].end, std::nullopt);
}

TEST(Waits, AnEndAfterALossMayBeOfAnother) {
    const Timeline timeline = Scenario().at(10, WaitBegin{}).lost(12, 15, 1).at(20, WaitEnd{}).complete(99);
    EXPECT_EQ(timeline.waits.at(0).end, std::nullopt);
}

TEST(Batches, CountTheirCallbacks) {
    Scenario scenario;
    scenario.task(1, "ksoftirqd/0", true).queue(2, 1).queue(3, 2);
    scenario.at(10, event::BatchBegin{}).invoke(11, 1).done(12, 1).invoke(13, 2).done(14, 2).at(15, event::BatchEnd{});
    scenario.queue(20, 3).invoke(21, 3);

    const Timeline timeline = scenario.complete(99);

    ASSERT_EQ(timeline.batches.size(), 1U);
    EXPECT_EQ(timeline.batches[0].begin, 10);
    EXPECT_EQ(timeline.batches[0].end, 15);
    EXPECT_EQ(timeline.batches[0].callbacks, 2U);
    EXPECT_EQ(timeline.batches[0].context, InvocationContext::ksoftirqd);
}

TEST(Batches, ASoftirqsBatchInsideAnOffloadedOne) {
    Scenario scenario;
    scenario.task(1, "rcuop/1", true).at(10, event::BatchBegin{.list_cpu = 1}).invoke(11, 1);
    scenario.at(12, event::BatchBegin{.list_cpu = 0})
        .invoke(13, 2)
        .invoke(14, 3)
        .at(15, event::BatchEnd{.list_cpu = 0});
    scenario.invoke(16, 4).at(17, event::BatchEnd{.list_cpu = 1}).at(18, event::BatchEnd{.list_cpu = 1});

    const Timeline timeline = scenario.complete(99);

    ASSERT_EQ(timeline.batches.size(), 2U);
    EXPECT_EQ(timeline.batches[0].end, 17);
    EXPECT_EQ(timeline.batches[0].list_cpu, 1U);
    EXPECT_EQ(timeline.batches[0].callbacks, 2U);
    EXPECT_EQ(timeline.batches[1].end, 15);
    EXPECT_EQ(timeline.batches[1].callbacks, 2U);
}

TEST(Batches, OfTwoCpusAtOnce) {
    Scenario scenario;
    scenario.tid(0).cpu(0).at(10, event::BatchBegin{.list_cpu = 0}).cpu(1).at(11, event::BatchBegin{.list_cpu = 1});
    scenario.cpu(0).at(12, event::BatchEnd{.list_cpu = 0}).cpu(1).invoke(13, 1).at(14, event::BatchEnd{.list_cpu = 1});

    const Timeline timeline = scenario.complete(99);

    EXPECT_EQ(timeline.batches.at(0).end, 12);
    EXPECT_EQ(timeline.batches.at(0).callbacks, 0U);
    EXPECT_EQ(timeline.batches.at(1).end, 14);
    EXPECT_EQ(timeline.batches.at(1).callbacks, 1U);
}

} // namespace
} // namespace rcuscope::test
