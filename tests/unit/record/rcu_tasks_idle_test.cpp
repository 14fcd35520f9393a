// SPDX-License-Identifier: BSD-2-Clause
//
// Tests the wait for the grace periods of RCU-tasks that attaching probes causes.
#include "record/rcu_tasks_idle.hpp"

#include <deque>
#include <gtest/gtest.h>

namespace rcuscope {
namespace {

// A kernel whose RCU-tasks advances with each normal grace period.
struct Kernel {
    std::deque<TasksSequences> later;
    TasksSequences now;
    int passed = 0;
    bool interrupted = false;

    Result<bool> wait_for_rcu_tasks_idle(int tries) {
        return rcuscope::wait_for_rcu_tasks_idle(
            [this]() -> Result<SequencesAt> { return SequencesAt{.ns = 1, .tasks = now}; },
            [this] {
                passed++;
                if (later.empty())
                    return !interrupted;
                now = later.front();
                later.pop_front();
                return !interrupted;
            },
            tries);
    }
};

TEST(Settle, is_done_at_once_at_rest) {
    Kernel kernel{{}, {8, 12}};
    EXPECT_TRUE(*kernel.wait_for_rcu_tasks_idle(10));
    EXPECT_EQ(kernel.passed, 1);
}

TEST(Settle, waits_for_each_flavour) {
    Kernel kernel{{{8, 13}, {8, 16}}, {8, 13}};
    EXPECT_TRUE(*kernel.wait_for_rcu_tasks_idle(10));
    EXPECT_EQ(kernel.passed, 3); // 13 to 13, 13 to 16, 16 to 16
}

TEST(Settle, is_not_deceived_by_a_rest_in_between) {
    // RCU-tasks is idle in between, while a normal grace period leads to the next one of RCU-tasks.
    Kernel kernel{{{9, 0}, {12, 0}, {13, 0}, {16, 0}}, {8, 0}};
    EXPECT_TRUE(*kernel.wait_for_rcu_tasks_idle(10));
    EXPECT_EQ(kernel.now, (TasksSequences{16, 0}));
}

TEST(Settle, a_whole_grace_period_between_two_looks_is_seen) {
    Kernel kernel{{{12, 0}}, {8, 0}};
    EXPECT_TRUE(*kernel.wait_for_rcu_tasks_idle(10));
    EXPECT_EQ(kernel.passed, 2);
}

TEST(Settle, gives_up) {
    Kernel kernel{{}, {9, 0}};
    EXPECT_FALSE(*kernel.wait_for_rcu_tasks_idle(3));
    EXPECT_EQ(kernel.passed, 3);
}

TEST(Settle, ends_when_interrupted) {
    Kernel kernel{.later = {}, .now = {9, 0}, .interrupted = true};
    EXPECT_FALSE(*kernel.wait_for_rcu_tasks_idle(10));
    EXPECT_EQ(kernel.passed, 1);
}

TEST(Settle, an_error_is_passed_on) {
    const auto result = wait_for_rcu_tasks_idle(
        []() -> Result<SequencesAt> { return fail(ExitCode::cannot_here, "cannot read", "no reason"); },
        [] { return true; }, 3);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().what, "cannot read");
}

} // namespace
} // namespace rcuscope
