// SPDX-License-Identifier: BSD-2-Clause
//
// The right ways to unload a module that uses call_rcu(), as recordings show them, with callbacks of others around.
// None of them is a hazard.
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

// rcu_right is live. It has queued the callbacks 1 and 2, and 1 has run.
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

// The rest of its life, until the end of free_module(). Callbacks of others are pending all the time.
Analysed freed(Scenario scenario, std::uint64_t pending_at_exit = 0) {
    scenario.module(300, ModuleStep::exited, name).pending(300, ModuleStep::exited, name, pending_at_exit);
    scenario.queue(305, 102, others);
    scenario.module(310, ModuleStep::freeing, name).pending(310, ModuleStep::freeing, name, 0);
    scenario.invoke(320, 100, others).done(321, 100);
    scenario.module(400, ModuleStep::freed, name).pending(400, ModuleStep::freed, name, 0);
    scenario.invoke(450, 101, others).done(451, 101);
    return analysed(scenario.in_order().complete(900));
}

TEST(RightWays, Barrier) {
    Scenario scenario = live();
    scenario.module(200, ModuleStep::unloading, name);
    scenario.at(210, event::WaitBegin{.kind = WaitKind::rcu_barrier, .caller = exit_place});
    scenario.cpu(1).tid(7).invoke(250, 2).done(251, 2).cpu(0).tid(100);
    scenario.at(290, event::WaitEnd{.kind = WaitKind::rcu_barrier});

    const Analysed timeline = freed(scenario);

    EXPECT_THAT(timeline.found.hazards, IsEmpty());
    EXPECT_EQ(timeline.found.verdicts.at(0).text,
              "rcu_right: 2 callbacks, all done 149 ns before its code was freed; rcu_barrier() waited 80 ns");
}

// With synchronize_rcu() instead of call_rcu() there is no callback to wait for.
TEST(RightWays, Synchronize) {
    Scenario scenario;
    scenario.metadata.followed = {name};
    scenario.symbols = {{.address = exit_place, .name = "right_exit", .offset = 0x17, .module = name}};
    scenario.module(10, ModuleStep::coming, name).module(20, ModuleStep::live, name);
    scenario.at(100, event::WaitBegin{.kind = WaitKind::synchronize_rcu, .caller = exit_place});
    scenario.at(150, event::WaitEnd{.kind = WaitKind::synchronize_rcu});
    scenario.module(200, ModuleStep::unloading, name);

    EXPECT_THAT(freed(scenario).found.hazards, IsEmpty());
}

// Each pending callback holds a reference, so unloading is refused until it has run.
TEST(RightWays, References) {
    Scenario scenario = live();
    scenario.reference(70, name, true, 1);
    scenario.module(100, ModuleStep::unloading, name).module(101, ModuleStep::refused, name, -EWOULDBLOCK);
    scenario.cpu(1).tid(7).invoke(150, 2).reference(151, name, false, 0);
    // The callback drops the last reference, and has not returned yet when the module is unloaded.
    scenario.cpu(0).tid(100).module(152, ModuleStep::unloading, name);
    scenario.cpu(1).tid(7).done(305, 2).cpu(0).tid(100);

    const Analysed timeline = freed(scenario);

    EXPECT_THAT(timeline.found.hazards, IsEmpty());
    EXPECT_THAT(timeline.modules.at(0).references, SizeIs(2));
    EXPECT_EQ(timeline.modules.at(0).exit, 152);
    EXPECT_EQ(timeline.found.verdicts.at(0).text, "rcu_right: 2 callbacks, all done 95 ns before its code was freed; "
                                                  "unloading was refused 1 time (module in use)");
}

// The last callback wakes the exit function, which may return before the callback does.
TEST(RightWays, Counter) {
    Scenario scenario = live();
    scenario.module(200, ModuleStep::unloading, name);
    scenario.cpu(1).tid(7).invoke(298, 2).tid(100).woken(299, name, 2).tid(7).done(304, 2).cpu(0).tid(100);

    EXPECT_THAT(freed(scenario).found.hazards, IsEmpty());
}

// Another task woke it, by chance after the callback had run.
TEST(WrongWays, AWakeupThatIsNotTheLastCallbacks) {
    Scenario scenario = live();
    scenario.module(200, ModuleStep::unloading, name);
    scenario.cpu(1).tid(7).invoke(295, 2).done(296, 2).tid(100).woken(297, name, 0).cpu(0);

    const Analysed timeline = freed(scenario);

    ASSERT_THAT(timeline.found.hazards, SizeIs(1));
    EXPECT_EQ(timeline.found.hazards[0].kind, "no-barrier");
    EXPECT_EQ(timeline.found.hazards[0].severity, "warning");
}

// The exit function sleeps and polls until the last callback has run.
TEST(RightWays, Polling) {
    ModuleInfo module;
    module.name = name;
    module.exit_polls_with = "msleep";
    module.wakers.emplace();
    Scenario scenario = live();
    scenario.metadata.modules = {module};
    scenario.module(200, ModuleStep::unloading, name);
    for (const Nanoseconds at : {220, 240, 260, 280})
        scenario.woken(at, name, 0);
    scenario.cpu(1).tid(7).invoke(270, 2).done(271, 2).cpu(0).tid(100).woken(299, name, 0);
    EXPECT_THAT(freed(scenario).found.hazards, SizeIs(1)) << "it slept once more than it had to";

    Scenario polling = live();
    polling.metadata.modules = {module};
    polling.module(200, ModuleStep::unloading, name);
    for (const Nanoseconds at : {220, 240, 260, 280, 299})
        polling.woken(at, name, 0);
    polling.cpu(1).tid(7).invoke(290, 2).done(291, 2).cpu(0).tid(100);
    EXPECT_THAT(freed(polling).found.hazards, IsEmpty());
    polling.metadata.modules[0].exit_polls_with.reset();
    EXPECT_THAT(freed(polling).found.hazards, SizeIs(1)) << "it has no loop";

    // It polls while the last callback runs on another CPU, and the callback has not counted itself yet.
    Scenario meanwhile = live();
    meanwhile.metadata.modules = {module};
    meanwhile.module(200, ModuleStep::unloading, name);
    for (const Nanoseconds at : {220, 240})
        meanwhile.woken(at, name, 0);
    meanwhile.cpu(1).tid(7).invoke(260, 2).cpu(0).tid(100).woken(262, name, 0);
    meanwhile.cpu(1).tid(7).done(264, 2).cpu(0).tid(100).woken(299, name, 0);
    EXPECT_THAT(freed(meanwhile).found.hazards, IsEmpty());
}

// rcu_barrier() as a tail call: its caller seems to be delete_module().
TEST(RightWays, BarrierThatIsJumpedTo) {
    Scenario scenario = live();
    ModuleInfo module;
    module.name = name;
    module.exit_function = "right_exit";
    module.jumps = {{{.function = "right_exit", .offset = 0x40, .target = "rcu_barrier"}}};
    scenario.metadata.modules = {module};
    constexpr std::uint64_t delete_module = 0xd317;
    scenario.symbols.push_back(
        {.address = delete_module, .name = "__do_sys_delete_module.constprop.0", .offset = 0x17, .module = ""});
    scenario.module(200, ModuleStep::unloading, name);
    scenario.at(210, event::WaitBegin{.kind = WaitKind::rcu_barrier, .caller = delete_module});
    scenario.cpu(1).tid(7).invoke(250, 2).done(251, 2).cpu(0).tid(100);
    scenario.at(290, event::WaitEnd{.kind = WaitKind::rcu_barrier});
    // A barrier of another task, which is not known to unload a module.
    scenario.tid(8).at(292, event::WaitBegin{.kind = WaitKind::rcu_barrier, .caller = delete_module});
    scenario.tid(100);

    const Analysed timeline = freed(scenario);

    EXPECT_THAT(timeline.found.hazards, IsEmpty());
    EXPECT_EQ(location_name(timeline.waits[0].caller, true), "rcu_right:right_exit+0x45");
    EXPECT_EQ(location_name(timeline.waits[1].caller, true), "__do_sys_delete_module.constprop.0+0x17");
    EXPECT_EQ(timeline.found.verdicts.at(0).text,
              "rcu_right: 2 callbacks, all done 149 ns before its code was freed; rcu_barrier() waited 80 ns");
}

// The exit function calls a function of the kernel that waits by itself.
TEST(RightWays, BarrierOfAFunctionOfTheKernels) {
    Scenario scenario = live();
    scenario.symbols.push_back({.address = 0x6e7, .name = "netdev_run_todo", .offset = 0x17, .module = ""});
    scenario.module(200, ModuleStep::unloading, name);
    scenario.at(210, event::WaitBegin{.kind = WaitKind::rcu_barrier, .caller = 0x6e7});
    scenario.cpu(1).tid(7).invoke(250, 2).done(251, 2).cpu(0).tid(100);
    scenario.at(290, event::WaitEnd{.kind = WaitKind::rcu_barrier});

    EXPECT_THAT(freed(scenario).found.hazards, IsEmpty());
}

TEST(RightWays, LossesMakeNoHazardWhereTheKernelCounted) {
    Scenario scenario = live();
    scenario.lost(80, 90, 5);
    scenario.module(200, ModuleStep::unloading, name);

    const Analysed timeline = freed(scenario);

    EXPECT_THAT(timeline.found.hazards, IsEmpty());
}

// Without a wait the callback runs while free_module() waits.
TEST(WrongWays, NothingThatWaits) {
    Scenario scenario = live();
    scenario.module(200, ModuleStep::unloading, name);
    scenario.cpu(1).tid(7).invoke(350, 2).done(351, 2).cpu(0).tid(100);
    const Analysed timeline = freed(scenario, 1);

    ASSERT_THAT(timeline.found.hazards, SizeIs(1));
    EXPECT_EQ(timeline.found.hazards[0].kind, "exit-without-barrier");
    EXPECT_EQ(timeline.found.hazards[0].at, 300);
}

} // namespace
} // namespace rcuscope::test
