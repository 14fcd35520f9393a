// SPDX-License-Identifier: BSD-2-Clause
#include <gtest/gtest.h>

#include "analysis/statistics.hpp"

namespace rcuscope::test {
namespace {

CodeLocation code(const std::string& module, const std::string& function, std::uint64_t address = 1) {
    return {.address = address, .function = function, .module = module};
}

GracePeriod grace_period(bool expedited, MaybeTime start, MaybeTime end) {
    GracePeriod gp;
    gp.expedited = expedited;
    gp.start = start;
    gp.end = end;
    return gp;
}

Callback callback(const CodeLocation& function, CallbackState state, Nanoseconds queued, MaybeTime invoked = {},
                  MaybeTime done = {}) {
    Callback row;
    row.function = function;
    row.state = state;
    row.queued = queued;
    row.invoked = invoked;
    row.done = done;
    return row;
}

ReadSection section(const std::string& function, Nanoseconds begin, MaybeTime end) {
    ReadSection row;
    row.place = code("demo", function);
    row.begin = begin;
    row.end = end;
    return row;
}

Wait wait(event::WaitKind kind, const std::string& caller, Nanoseconds begin, MaybeTime end) {
    Wait row;
    row.kind = kind;
    row.caller = code("demo", caller);
    row.begin = begin;
    row.end = end;
    return row;
}

TEST(Statistics, OfAnEmptyTimeline) {
    const Statistics numbers = numbers_of({});
    EXPECT_EQ(numbers.normal.count, 0U);
    EXPECT_TRUE(numbers.callbacks.empty());
    EXPECT_EQ(numbers.lost(), 0U);
}

TEST(Statistics, GracePeriodsByKind) {
    Timeline timeline;
    timeline.grace_periods = {grace_period(false, 0, 10), grace_period(false, std::nullopt, 20),
                              grace_period(false, 30, std::nullopt), grace_period(true, 5, 8)};

    const Statistics numbers = numbers_of(timeline);

    EXPECT_EQ(numbers.normal.count, 3U);
    EXPECT_EQ(numbers.normal.ended, 2U);
    EXPECT_EQ(numbers.normal.duration.count(), 1U);
    EXPECT_EQ(numbers.normal.duration.max(), 10);
    EXPECT_EQ(numbers.expedited.count, 1U);
    EXPECT_EQ(numbers.expedited.duration.max(), 3);
}

TEST(Statistics, CallbacksByFunction) {
    Timeline timeline;
    timeline.callbacks = {callback(code("demo", "node_free"), CallbackState::done, 0, 100, 103),
                          callback(code("demo", "node_free"), CallbackState::pending, 10),
                          callback(code("demo", "node_free"), CallbackState::unknown, 20, 50),
                          callback(code("", "file_free_rcu"), CallbackState::done, 0, 7, 8)};

    const auto rows = numbers_of(timeline).callbacks;

    ASSERT_EQ(rows.size(), 2U);
    EXPECT_EQ(rows[0].name, (FunctionName{"demo", "node_free"}));
    EXPECT_EQ(rows[0].queued, 3U);
    EXPECT_EQ(rows[0].done, 1U);
    EXPECT_EQ(rows[0].pending, 1U);
    EXPECT_EQ(rows[0].unknown, 1U);
    EXPECT_EQ(rows[0].latency.min(), 30);
    EXPECT_EQ(rows[0].latency.max(), 100);
    EXPECT_EQ(rows[0].run_time.count(), 1U);
    EXPECT_EQ(rows[0].run_time.max(), 3);
    EXPECT_EQ(rows[1].name, (FunctionName{"", "file_free_rcu"}));
}

TEST(Statistics, EqualCountsAreByName) {
    Timeline timeline;
    for (const char* function : {"c", "a", "b"})
        timeline.callbacks.push_back(callback(code("m", function), CallbackState::done, 0));
    timeline.callbacks.push_back(callback(code("l", "z"), CallbackState::done, 0));

    const auto rows = numbers_of(timeline).callbacks;

    ASSERT_EQ(rows.size(), 4U);
    EXPECT_EQ(rows[0].name.module, "l");
    EXPECT_EQ(rows[1].name.function, "a");
    EXPECT_EQ(rows[2].name.function, "b");
    EXPECT_EQ(rows[3].name.function, "c");
}

TEST(Statistics, FunctionsWithoutANameAreOneRow) {
    Timeline timeline;
    timeline.callbacks = {callback(code("", "", 0x10), CallbackState::done, 0),
                          callback(code("", "", 0x20), CallbackState::done, 0)};
    EXPECT_EQ(numbers_of(timeline).callbacks.size(), 1U);
}

TEST(Statistics, ReadSectionsByFunctionWithTheLongest) {
    Timeline timeline;
    timeline.read_sections = {section("reader", 0, 5), section("reader", 10, 40), section("reader", 50, 80),
                              section("reader", 60, std::nullopt), section("stuck", 90, std::nullopt)};

    const auto rows = numbers_of(timeline).read_sections;

    ASSERT_EQ(rows.size(), 2U);
    EXPECT_EQ(rows[0].name.function, "reader");
    EXPECT_EQ(rows[0].count, 4U);
    EXPECT_EQ(rows[0].duration.count(), 3U);
    EXPECT_EQ(rows[0].longest, 1U) << "the first of equally long ones";
    EXPECT_EQ(rows[1].longest, std::nullopt);
}

TEST(Statistics, CallsThatAreSaidToBeSectionsHaveARowOfTheirOwn) {
    Timeline timeline;
    timeline.read_sections = {section("reader", 0, 50), section("reader", 10, 40), section("reader", 60, 70)};
    timeline.read_sections[0].by = SectionBy::function;

    const auto rows = numbers_of(timeline).read_sections;

    ASSERT_EQ(rows.size(), 2U);
    EXPECT_EQ(rows[0].by, SectionBy::rcu_read_lock);
    EXPECT_EQ(rows[0].count, 2U);
    EXPECT_EQ(rows[1].by, SectionBy::function);
    EXPECT_EQ(rows[1].count, 1U);
}

TEST(Statistics, WaitsByKindAndCaller) {
    using event::WaitKind;
    Timeline timeline;
    timeline.waits = {wait(WaitKind::rcu_barrier, "exit", 0, 10), wait(WaitKind::synchronize_rcu, "exit", 20, 25),
                      wait(WaitKind::rcu_barrier, "exit", 30, std::nullopt)};

    const auto rows = numbers_of(timeline).waits;

    ASSERT_EQ(rows.size(), 2U);
    EXPECT_EQ(rows[0].kind, WaitKind::rcu_barrier);
    EXPECT_EQ(rows[0].count, 2U);
    EXPECT_EQ(rows[0].duration.count(), 1U);
    EXPECT_EQ(rows[1].kind, WaitKind::synchronize_rcu);
    EXPECT_EQ(rows[1].caller.function, "exit");
}

TEST(Statistics, ModulesLossesAndCounts) {
    Timeline timeline;
    timeline.modules.resize(3);
    timeline.modules[0].name = "a";
    timeline.modules[1].name = timeline.modules[2].name = "b";
    timeline.modules[2].followed = true;
    timeline.capture.lost = {{.cpu = 0, .count = 4}, {.cpu = 1, .count = 5}};
    timeline.capture.all_callbacks = true;
    timeline.capture.probes = {{.hook = "callback.queued", .via = "fentry", .hits = 9, .missed = 5},
                               {.hook = "gp.sample", .via = "fentry", .hits = 9, .missed = 2}};
    timeline.batches.resize(2);
    timeline.function_calls.resize(6);

    const Statistics numbers = numbers_of(timeline);

    ASSERT_EQ(numbers.modules.size(), 2U);
    EXPECT_EQ(numbers.modules[0].name, "b");
    EXPECT_EQ(numbers.modules[0].lives, 2U);
    EXPECT_TRUE(numbers.modules[0].followed);
    EXPECT_EQ(numbers.lost_records, 9U);
    EXPECT_EQ(numbers.skipped_runs, 7U);
    EXPECT_EQ(numbers.lost(), 16U);
    timeline.capture.all_callbacks = false;
    EXPECT_EQ(numbers_of(timeline).lost(), 11U) << "a skipped call may be of any module";
    EXPECT_EQ(numbers.batches, 2U);
    EXPECT_EQ(numbers.function_calls, 6U);
}

// The tracer itself may have caused such a grace period.
TEST(Statistics, LeaveOutWhatBeganBeforeTheRecording) {
    Timeline timeline;
    GracePeriod before;
    before.began_before = true;
    before.end = 50;
    GracePeriod within;
    within.start = 60;
    within.end = 90;
    timeline.grace_periods = {before, within};

    const GracePeriodStatistics normal = numbers_of(timeline).normal;

    EXPECT_EQ(normal.count, 1U);
    EXPECT_EQ(normal.ended, 1U);
    EXPECT_EQ(normal.duration.count(), 1U);
}

} // namespace
} // namespace rcuscope::test
