// SPDX-License-Identifier: BSD-2-Clause
//
// Tests the backlog over time, and the number of callbacks that each grace period released.
#include "analysis/backlog_series.hpp"

#include <algorithm>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <memory>
#include <random>

#include "analysis/analysis.hpp"
#include "analysis/callback_numbers.hpp"

namespace rcuscope::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class BacklogOfCallbacks : public testing::Test {
protected:
    BacklogOfCallbacks() { timeline.capture.end = 1000; }

    Callback& callback(Nanoseconds queued, MaybeTime invoked, const char* module = "m") {
        Callback row;
        row.id = static_cast<std::uint32_t>(timeline.callbacks.size() + 1);
        row.function = CodeLocation{.address = 1, .function = "free", .module = module};
        row.queued = queued;
        row.invoked = invoked;
        row.done = invoked;
        row.state = invoked ? CallbackState::done : CallbackState::pending;
        timeline.callbacks.push_back(row);
        return timeline.callbacks.back();
    }
    BacklogSeries all() const { return analyse(timeline, {}).backlogs.front(); }
    // With so many points at most.
    std::unique_ptr<CallbackNumbers> numbers(std::size_t max_points) const {
        auto numbers = std::make_unique<CallbackNumbers>(timeline, 0, max_points);
        for (const Callback& each : timeline.callbacks)
            numbers->take(each, nullptr);
        numbers->finish();
        return numbers;
    }

    Timeline timeline;
};

TEST_F(BacklogOfCallbacks, AreNothingWithoutCallbacks) {
    EXPECT_THAT(analyse(timeline, {}).backlogs, IsEmpty());
}

TEST_F(BacklogOfCallbacks, OfEachGracePeriod) {
    timeline.grace_periods.resize(3);
    callback(10, 20).grace_period = 1;
    callback(11, 20).grace_period = 3;
    callback(12, 20).grace_period = 3;
    callback(13, 20);
    callback(14, 20).grace_period = 9; // no such row
    EXPECT_THAT(analyse(timeline, {}).released, ElementsAre(1, 0, 2));
}

TEST_F(BacklogOfCallbacks, ABacklogHasAPointForEachTimeAtWhichItChanges) {
    callback(10, 40);
    callback(20, 40);
    callback(20, 30);
    callback(50, std::nullopt);
    EXPECT_THAT(all().begin, ElementsAre(10, 20, 30, 40, 50));
    EXPECT_THAT(all().pending, ElementsAre(1, 3, 2, 0, 1));
    EXPECT_THAT(all().unknown, ElementsAre(0, 0, 0, 0, 0));
    EXPECT_EQ(all().deepest, 3U);
    EXPECT_EQ(all().deepest_at, 20);
    EXPECT_FALSE(all().of_module);
}

TEST_F(BacklogOfCallbacks, ACallbackThatIsInvokedAtOnceIsNeverPending) {
    callback(10, 10);
    EXPECT_THAT(all().begin, IsEmpty());
    EXPECT_EQ(all().deepest_at, std::nullopt);
}

TEST_F(BacklogOfCallbacks, ACallbackWhoseInvocationMayBeLostIsUnknownAfterTheLoss) {
    timeline.capture.lost = {{.cpu = 0, .from = 30, .to = 40, .count = 1}};
    callback(10, 60);
    callback(20, std::nullopt).state = CallbackState::unknown;
    callback(40, std::nullopt).state = CallbackState::unknown; // queued at the end of the loss
    callback(50, std::nullopt).state = CallbackState::unknown; // after all losses: the recording was cut off
    EXPECT_THAT(all().begin, ElementsAre(10, 20, 40, 50, 60));
    EXPECT_THAT(all().pending, ElementsAre(1, 2, 1, 2, 1));
    EXPECT_THAT(all().unknown, ElementsAre(0, 0, 2, 2, 2));
}

TEST_F(BacklogOfCallbacks, ABacklogForEachModule) {
    callback(10, 30, "a");
    callback(20, 40, "");
    callback(25, 50, "a");
    const auto backlogs = analyse(timeline, {}).backlogs;
    ASSERT_EQ(backlogs.size(), 3U);
    EXPECT_TRUE(backlogs[1].of_module);
    EXPECT_EQ(backlogs[1].module.str(), "a");
    EXPECT_THAT(backlogs[1].begin, ElementsAre(10, 25, 30, 50));
    EXPECT_THAT(backlogs[1].pending, ElementsAre(1, 2, 1, 0));
    EXPECT_EQ(backlogs[2].module.str(), "");
    EXPECT_THAT(backlogs[2].pending, ElementsAre(1, 0));
}

TEST_F(BacklogOfCallbacks, ASingleModuleHasTheBacklogOfAll) {
    callback(10, 30);
    EXPECT_EQ(analyse(timeline, {}).backlogs.size(), 1U);
}

TEST(BacklogPoints, GrowWithTheCallbacksWithinBounds) {
    EXPECT_EQ(max_backlog_points(0), 2048U);
    EXPECT_EQ(max_backlog_points(100'000), 25'000U);
    EXPECT_EQ(max_backlog_points(10'000'000), 65'536U);
}

// Random lives of callbacks, against a count by hand.
class ManyCallbacks : public BacklogOfCallbacks {
protected:
    ManyCallbacks() {
        std::mt19937 random(1);
        for (Nanoseconds at = 0; at < 400; at += static_cast<Nanoseconds>(random() % 3))
            callback(at, at + static_cast<Nanoseconds>(random() % 60), random() % 3 == 0 ? "a" : "b");
    }
    std::uint64_t pending(Nanoseconds at) const {
        return static_cast<std::uint64_t>(std::count_if(
            timeline.callbacks.begin(), timeline.callbacks.end(),
            [&](const Callback& one) { return one.queued <= at && *one.invoked > at; }));
    }
};

TEST_F(ManyCallbacks, AreCountedExactly) {
    const BacklogSeries series = all();
    for (std::size_t i = 0; i < series.begin.size(); i++) {
        const Nanoseconds next = i + 1 < series.begin.size() ? series.begin[i + 1] : timeline.capture.end;
        for (Nanoseconds at = series.begin[i]; at < next; at++)
            ASSERT_EQ(series.pending[i], pending(at)) << at;
    }
}

TEST_F(ManyCallbacks, KeepTheMaximumOfEachPointWhereThereAreTooMany) {
    const std::size_t limit = 20;
    const auto backlogs = numbers(limit)->backlogs();
    std::size_t points_of_modules = 0;
    for (std::size_t i = 1; i < backlogs.size(); i++)
        points_of_modules += backlogs[i].begin.size();
    EXPECT_LE(points_of_modules, limit + 2);
    const BacklogSeries& series = backlogs.front();
    EXPECT_LE(series.begin.size(), limit);
    EXPECT_GT(series.begin.size(), limit / 4);
    for (std::size_t i = 0; i < series.begin.size(); i++) {
        const Nanoseconds next = i + 1 < series.begin.size() ? series.begin[i + 1] : timeline.capture.end;
        std::uint64_t most = 0;
        for (Nanoseconds at = series.begin[i]; at < next; at++)
            most = std::max(most, pending(at));
        EXPECT_EQ(series.pending[i], most) << i;
    }
}

// The report and the exports give one answer.
TEST_F(ManyCallbacks, HaveTheMaximaOfTheReport) {
    timeline.capture.lost = {{.cpu = 0, .from = 100, .to = 120, .count = 1}};
    for (std::size_t i = 0; i < timeline.callbacks.size(); i += 17) {
        timeline.callbacks[i].invoked = {};
        timeline.callbacks[i].done = {};
        timeline.callbacks[i].state = CallbackState::unknown;
    }
    for (const std::size_t limit : {std::size_t{16}, std::size_t{2048}}) {
        const auto counted = numbers(limit);
        const auto backlogs = counted->backlogs();
        EXPECT_EQ(backlogs.front().deepest, counted->all().backlog.deepest);
        EXPECT_EQ(backlogs.front().deepest_at, counted->all().backlog.deepest_at);
        const auto by_module = counted->by_module();
        ASSERT_EQ(backlogs.size(), by_module.size() + 1);
        for (std::size_t i = 0; i < by_module.size(); i++)
            EXPECT_EQ(backlogs[i + 1].deepest, by_module[i].backlog.deepest);
    }
}

} // namespace
} // namespace rcuscope::test
