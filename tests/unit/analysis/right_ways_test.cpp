// SPDX-License-Identifier: BSD-2-Clause
//
// The right ways to unload a module that uses call_rcu(), as recordings see
// them, with callbacks of others around: none of them is a hazard.
#include <cerrno>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analysis/hazards.hpp"
#include "timeline/scenario.hpp"

namespace rcuscope::test {
namespace {

using event::ModuleStep;
using event::WaitKind;
using testing::IsEmpty;
using testing::SizeIs;

constexpr std::uint64_t others = 0xe00; // a function of the kernel
constexpr std::uint64_t exit_place = 0xe117;
const std::string name = "rcu_right";

// rcu_right is live, and has queued the callbacks 1 and 2, of which 1 has run.
Scenario live() {
    Scenario scenario;
    scenario.metadata.followed = {name};
    scenario.symbols = {{.address = Scenario::func, .name = "node_free", .offset = 0, .module = name},
                        {.address = others, .name = "file_free_rcu", .offset = 0, .module = ""},
                        {.address = exit_place, .name = "right_exit", .offset = 0x17, .module = name}};
    scenario.module(10, ModuleStep::coming, name).module(20, ModuleStep::live, name);
    scenario.queue(30, 1).queue(31, 100, others).invoke(60, 1).done(61, 1).queue(70, 2).queue(71, 101, others);
    return scenario;
}

// The rest of its life from free_module() on, which takes until long after; others' callbacks are pending all the time.
Timeline freed(Scenario scenario, std::uint64_t pending_at_exit = 0) {
    scenario.module(300, ModuleStep::exited, name).pending(300, ModuleStep::exited, name, pending_at_exit);
    scenario.queue(305, 102, others);
    scenario.module(310, ModuleStep::freeing, name).pending(310, ModuleStep::freeing, name, 0);
    scenario.invoke(320, 100, others).done(321, 100);
    scenario.module(400, ModuleStep::freed, name).pending(400, ModuleStep::freed, name, 0);
    scenario.invoke(450, 101, others).done(451, 101);
    Timeline timeline = scenario.in_order().complete(900);
    find_hazards(timeline, {});
    return timeline;
}

TEST(RightWays, Barrier) {
    Scenario scenario = live();
    scenario.module(200, ModuleStep::unloading, name);
    scenario.at(210, event::WaitBegin{.kind = WaitKind::rcu_barrier, .caller = exit_place});
    scenario.cpu(1).tid(7).invoke(250, 2).done(251, 2).cpu(0).tid(100);
    scenario.at(290, event::WaitEnd{.kind = WaitKind::rcu_barrier});

    const Timeline timeline = freed(scenario);

    EXPECT_THAT(timeline.hazards, IsEmpty());
    EXPECT_EQ(timeline.modules.at(0).verdict,
              "rcu_right: 2 callbacks, all done 149 ns before its code was freed; rcu_barrier() waited 80 ns");
}

// synchronize_rcu() instead of call_rcu(): there is nothing to wait for.
TEST(RightWays, Synchronize) {
    Scenario scenario = live();
    scenario.invoke(80, 2).done(81, 2);
    scenario.at(100, event::WaitBegin{.kind = WaitKind::synchronize_rcu, .caller = exit_place});
    scenario.at(150, event::WaitEnd{.kind = WaitKind::synchronize_rcu});
    scenario.module(200, ModuleStep::unloading, name);

    EXPECT_THAT(freed(scenario).hazards, IsEmpty());
}

// Each pending callback holds a reference, so that unloading is refused as long.
TEST(RightWays, References) {
    Scenario scenario = live();
    scenario.reference(70, name, true, 1);
    scenario.module(100, ModuleStep::unloading, name).module(101, ModuleStep::refused, name, -EWOULDBLOCK);
    scenario.cpu(1).tid(7).invoke(150, 2).reference(151, name, false, 0);
    // The callback drops the last reference, and is still on its way out when it is unloaded.
    scenario.cpu(0).tid(100).module(152, ModuleStep::unloading, name);
    scenario.cpu(1).tid(7).done(305, 2).cpu(0).tid(100);

    const Timeline timeline = freed(scenario);

    EXPECT_THAT(timeline.hazards, IsEmpty());
    EXPECT_THAT(timeline.modules.at(0).references, SizeIs(2));
    EXPECT_EQ(timeline.modules.at(0).exit, 152);
    EXPECT_EQ(timeline.modules.at(0).verdict, "rcu_right: 2 callbacks, all done 95 ns before its code was freed; "
                                              "unloading was refused 1 time (module in use)");
}

// The last callback wakes the exit function, which may return before it does.
TEST(RightWays, Counter) {
    Scenario scenario = live();
    scenario.module(200, ModuleStep::unloading, name);
    scenario.cpu(1).tid(7).invoke(299, 2).done(304, 2).cpu(0).tid(100);

    EXPECT_THAT(freed(scenario).hazards, IsEmpty());
}

TEST(RightWays, LossesMakeNoHazardWhereTheKernelCounted) {
    Scenario scenario = live();
    scenario.lost(80, 90, 5);
    scenario.module(200, ModuleStep::unloading, name);

    const Timeline timeline = freed(scenario);

    EXPECT_THAT(timeline.hazards, IsEmpty());
}

// And the wrong way, by the same means: the callback runs while free_module() waits.
TEST(WrongWays, NothingThatWaits) {
    Scenario scenario = live();
    scenario.module(200, ModuleStep::unloading, name);
    scenario.cpu(1).tid(7).invoke(350, 2).done(351, 2).cpu(0).tid(100);
    const Timeline timeline = freed(scenario, 1);

    ASSERT_THAT(timeline.hazards, SizeIs(1));
    EXPECT_EQ(timeline.hazards[0].kind, "exit-without-barrier");
    EXPECT_EQ(timeline.hazards[0].at, 300);
}

} // namespace
} // namespace rcuscope::test
