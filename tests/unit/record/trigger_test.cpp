// SPDX-License-Identifier: BSD-2-Clause
#include "record/trigger.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <vector>

#include "record/stall_watch.hpp"

namespace rcuscope::test {
namespace {

using testing::HasSubstr;

TEST(Triggers, AreReadAsTheyAreWritten) {
    const struct {
        const char* text;
        TriggerKind kind;
        std::uint64_t limit;
    } good[] = {{"gp>200ms", TriggerKind::grace_period, 200'000'000},
                {"callback>1.5s", TriggerKind::callback, 1'500'000'000},
                {"reader>50us", TriggerKind::reader, 50'000},
                {"pending>100000", TriggerKind::pending, 100'000},
                {"stall", TriggerKind::stall, 0},
                {"hazard", TriggerKind::hazard, 0}};
    for (const auto& each : good) {
        const auto trigger = parse_trigger(each.text, true);
        ASSERT_TRUE(trigger) << each.text;
        EXPECT_EQ(trigger->kind, each.kind);
        EXPECT_EQ(trigger->limit, each.limit);
        EXPECT_EQ(trigger->text, each.text);
        EXPECT_TRUE(trigger->stop);
    }
}

TEST(Triggers, WhatCannotBeReadIsSaidWithWhatCan) {
    const struct {
        const char* text;
        const char* why;
    } bad[] = {{"", "no trigger has this name"}, {"GP>1s", "no trigger has this name"}, {"gp", "no limit"},
               {"gp>", "not a duration"},        {"gp>fast", "not a duration"},         {"gp>-1s", "negative"},
               {"pending>1s", "not a number"},   {"pending>-1", "not a number"},        {"pending>", "not a number"},
               {"stall>1s", "takes no limit"},   {"hazard>fatal", "takes no limit"}};
    for (const auto& each : bad) {
        const auto trigger = parse_trigger(each.text, false);
        ASSERT_FALSE(trigger) << each.text;
        EXPECT_EQ(trigger.error().code, ExitCode::bad_input);
        EXPECT_THAT(trigger.error().why, HasSubstr(each.why)) << each.text;
        EXPECT_THAT(trigger.error().hint, HasSubstr("gp>DURATION"));
    }
}

TEST(StallWarnings, AreTheKernelsOwn) {
    EXPECT_EQ(stall_warning("3,501,7811,-;rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:\n"),
              "rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:");
    EXPECT_EQ(stall_warning("3,501,7811,-;rcu: INFO: rcu_sched self-detected stall on CPU\n SUBSYSTEM=x\n"),
              "rcu: INFO: rcu_sched self-detected stall on CPU");
    EXPECT_TRUE(stall_warning("3,5,7,-;rcu: INFO: rcu_preempt detected expedited stalls on CPUs/tasks: { 1-.... }"));
    EXPECT_FALSE(stall_warning("12,501,7811,-;rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:\n")) << "a user";
    EXPECT_FALSE(stall_warning("6,501,7811,-;rcu: INFO: something else\n"));
    EXPECT_FALSE(stall_warning("6,501,7811,-;a stall was detected\n"));
    EXPECT_FALSE(stall_warning("6"));
    const std::vector<char> nothing_follows{'6', '1'};
    EXPECT_FALSE(stall_warning({nothing_follows.data(), nothing_follows.size()}));
    EXPECT_FALSE(stall_warning(""));
}

} // namespace
} // namespace rcuscope::test
