// SPDX-License-Identifier: BSD-2-Clause
#include <gtest/gtest.h>

#include "timeline/scenario.hpp"

namespace rcuscope::test {
namespace {

using event::ModuleStep;

Scenario with_exit_function() {
    Scenario scenario;
    ModuleInfo module;
    module.name = "rcu_demo";
    module.exit_function = "demo_exit";
    scenario.metadata.modules = {module};
    scenario.metadata.followed = {"rcu_demo"};
    scenario.has_site(SiteKind::function_entry, "demo_exit").has_site(SiteKind::function_return, "demo_exit", 9);
    scenario.has_site(SiteKind::function_entry, "demo_read");
    return scenario;
}

TEST(Modules, AWholeLife) {
    Scenario scenario = with_exit_function();
    scenario.module(10, ModuleStep::coming, "rcu_demo").module(20, ModuleStep::live, "rcu_demo");
    scenario.site(25, 2).site(30, 0).site(40, 1);
    scenario.module(50, ModuleStep::freeing, "rcu_demo").module(60, ModuleStep::freed, "rcu_demo");

    const Timeline timeline = scenario.complete(99);

    ASSERT_EQ(timeline.modules.size(), 1U);
    const ModuleLife& life = timeline.modules[0];
    EXPECT_EQ(life.name, "rcu_demo");
    EXPECT_TRUE(life.followed);
    EXPECT_EQ(life.loaded, 10);
    EXPECT_EQ(life.init_done, 20);
    EXPECT_EQ(life.init_error, std::nullopt);
    EXPECT_EQ(life.exit, 30);
    EXPECT_EQ(life.exit_done, 40);
    EXPECT_EQ(life.free_begin, 50);
    EXPECT_EQ(life.freed, 60);
}

TEST(Modules, LoadedTwiceHasTwoLives) {
    Scenario scenario = with_exit_function();
    scenario.module(10, ModuleStep::coming, "rcu_demo")
        .site(11, 0)
        .site(12, 1)
        .module(20, ModuleStep::freed, "rcu_demo");
    scenario.module(30, ModuleStep::coming, "rcu_demo").site(31, 0).site(32, 1);

    const Timeline timeline = scenario.complete(99);

    ASSERT_EQ(timeline.modules.size(), 2U);
    EXPECT_EQ(timeline.modules[0].exit, 11);
    EXPECT_EQ(timeline.modules[0].freed, 20);
    EXPECT_EQ(timeline.modules[1].loaded, 30);
    EXPECT_EQ(timeline.modules[1].exit_done, 32);
    EXPECT_EQ(timeline.modules[1].freed, std::nullopt);
}

TEST(Modules, ALifeWhoseEndWasMissedEndsWithTheNext) {
    const Timeline timeline = Scenario()
                                  .module(10, ModuleStep::coming, "other")
                                  .module(30, ModuleStep::coming, "other")
                                  .module(40, ModuleStep::freed, "other")
                                  .complete(99);

    ASSERT_EQ(timeline.modules.size(), 2U);
    EXPECT_FALSE(timeline.modules[0].followed);
    EXPECT_EQ(timeline.modules[0].freed, std::nullopt);
    EXPECT_EQ(timeline.modules[1].freed, 40);
}

TEST(Modules, AFailedInit) {
    const Timeline timeline = Scenario()
                                  .module(10, ModuleStep::coming, "other")
                                  .module(20, ModuleStep::failed, "other", -12)
                                  .module(25, ModuleStep::freed, "other")
                                  .complete(99);
    EXPECT_EQ(timeline.modules.at(0).init_done, 20);
    EXPECT_EQ(timeline.modules.at(0).init_error, -12);
    EXPECT_EQ(timeline.modules.at(0).freed, 25);
}

TEST(Modules, LoadedBeforeTheRecordingHasOnlyLaterTimes) {
    Scenario scenario = with_exit_function();
    scenario.site(5, 1).site(10, 0).site(12, 1).module(20, ModuleStep::freeing, "rcu_demo");

    const Timeline timeline = scenario.cut_off();

    ASSERT_EQ(timeline.modules.size(), 1U);
    EXPECT_EQ(timeline.modules[0].loaded, std::nullopt);
    EXPECT_EQ(timeline.modules[0].exit, 10);
    EXPECT_EQ(timeline.modules[0].exit_done, 12);
    EXPECT_EQ(timeline.modules[0].free_begin, 20);
    EXPECT_EQ(timeline.modules[0].freed, std::nullopt);
}

TEST(Modules, WithoutAnExitFunctionNoSiteIsTheExit) {
    Scenario scenario = with_exit_function();
    scenario.metadata.modules[0].exit_function.clear();
    EXPECT_TRUE(scenario.site(10, 0).complete(99).modules.empty());
}

} // namespace
} // namespace rcuscope::test
