// SPDX-License-Identifier: BSD-2-Clause
#include "record/trigger.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <vector>

#include "record/stall_watch.hpp"

namespace rcuscope::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

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

// The lines of the warnings in these records.
std::vector<std::string> stall_lines(std::initializer_list<std::string_view> records) {
    StallReader reader;
    for (const std::string_view record : records)
        reader.take(record);
    std::vector<std::string> lines;
    for (int call = 0; call < 2; call++) // a warning without its number is kept for one more call
        for (const Stall& stall : reader.stalls())
            lines.push_back(stall.line);
    return lines;
}

TEST(StallWarnings, AreTheKernelsOwn) {
    EXPECT_THAT(stall_lines({"3,501,7811,-;rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:\n"}),
                ElementsAre("rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:"));
    EXPECT_THAT(stall_lines({"3,501,7811,-;rcu: INFO: rcu_sched self-detected stall on CPU\n SUBSYSTEM=x\n"}),
                ElementsAre("rcu: INFO: rcu_sched self-detected stall on CPU"));
    EXPECT_THAT(stall_lines({"3,5,7,-;rcu: INFO: rcu_preempt detected expedited stalls on CPUs/tasks: { 1-.... }"}),
                SizeIs(1));
    const std::vector<char> nothing_follows{'6', '1'};
    for (const std::string_view other :
         {std::string_view("12,501,7811,-;rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:\n"), // a user's
          std::string_view("6,501,7811,-;rcu: INFO: something else\n"),
          std::string_view("6,501,7811,-;a stall was detected\n"), std::string_view("6"),
          std::string_view(nothing_follows.data(), nothing_follows.size()), std::string_view()})
        EXPECT_THAT(stall_lines({other}), IsEmpty()) << other;
}

TEST(StallWarnings, NameTheGracePeriod) {
    StallReader reader;
    reader.take("3,501,7811,-;rcu: INFO: rcu_preempt self-detected stall on CPU\n");
    reader.take(
        "3,502,7812,-;rcu: \\x091-....: (5249 ticks this GP) idle=1d14/1/0x4000000000000000 softirq=1/1 fqs=2\n");
    reader.take("3,503,7813,-;rcu: \\x09(t=5250 jiffies g=22333 q=12 ncpus=2)\n");
    reader.take("3,504,7814,-;rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:\n");
    reader.take("3,505,7815,-;rcu: \\x09(detected by 0, t=5252 jiffies, g=-1195, q=7 ncpus=2)\n");
    const auto stalls = reader.stalls();
    ASSERT_THAT(stalls, SizeIs(2));
    EXPECT_EQ(stalls[0].gp_seq, 22333u);
    EXPECT_EQ(stalls[1].gp_seq, static_cast<std::uint64_t>(-1195)) << "the first grace periods have negative numbers";
}

TEST(StallWarnings, WaitForTheirNumberOnce) {
    StallReader reader;
    reader.take("3,501,7811,-;rcu: INFO: rcu_preempt self-detected stall on CPU\n");
    EXPECT_THAT(reader.stalls(), IsEmpty());
    const auto late = reader.stalls();
    ASSERT_THAT(late, SizeIs(1));
    EXPECT_FALSE(late[0].gp_seq);
    EXPECT_THAT(reader.stalls(), IsEmpty());
    reader.take("3,503,7813,-;rcu: \\x09(t=5250 jiffies g=22333 q=12 ncpus=2)\n");
    EXPECT_THAT(reader.stalls(), IsEmpty()) << "a number without a warning";
}

} // namespace
} // namespace rcuscope::test
