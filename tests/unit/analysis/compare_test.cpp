// SPDX-License-Identifier: BSD-2-Clause
#include "analysis/compare.hpp"

#include <algorithm>
#include <gmock/gmock.h>
#include <string_view>

#include "analysis/runs.hpp"

namespace rcuscope::test {
namespace {

using testing::HasSubstr;

// One run for each value: `events` durations of so many milliseconds.
std::vector<RunDigest> flat(const std::vector<double>& milliseconds, std::uint64_t events = 400) {
    std::vector<RunDigest> runs;
    for (const double each : milliseconds) {
        runs.push_back(empty_run("run-" + std::to_string(runs.size() + 1)));
        runs.back().digest.durations["gp"].add(static_cast<Nanoseconds>(each * 1e6), events);
    }
    return runs;
}

const std::vector<double> base{8.0, 8.1, 8.2, 8.3, 8.4};

const ComparedMetric& row_of(const Comparison& comparison, std::string_view metric) {
    const auto row = std::find_if(comparison.metrics.begin(), comparison.metrics.end(),
                                  [&](const ComparedMetric& each) { return each.metric.text() == metric; });
    EXPECT_NE(row, comparison.metrics.end()) << metric;
    return *row;
}

TEST(Compare, TellsWhatItFound) {
    const Comparison comparison = compare(flat({16, 16, 16, 16, 16}), flat(base), {}).value();
    EXPECT_EQ(comparison.verdict, Change::worse);
    const ComparedMetric& row = row_of(comparison, "gp.p50");
    EXPECT_EQ(row.verdict, Change::worse);
    EXPECT_EQ(row.current.value, 16'000'000);
    EXPECT_EQ(row.baseline.interval, (Interval{8'000'000, 8'400'000}));
    EXPECT_GT(row.effect.value, 9'000);
    EXPECT_EQ(row.significance->greater.of, 1U);
    EXPECT_EQ(row.significance->greater.all, 252U);
}

TEST(Compare, SameSaysWhatIsRuledOut) {
    const Comparison comparison = compare(flat(base), flat(base), {}).value();
    EXPECT_EQ(comparison.verdict, Change::same);
    EXPECT_EQ(row_of(comparison, "gp.p99").why, "more than +3.7 % is ruled out");
}

TEST(Compare, RealIsNotEnough) {
    CompareOptions options;
    const auto slower = flat({8.6, 8.7, 8.8, 8.9, 9.0});
    EXPECT_EQ(compare(slower, flat(base), options).value().verdict, Change::same);
    options.min_effect = 500;
    EXPECT_EQ(compare(slower, flat(base), options).value().verdict, Change::worse);
    EXPECT_EQ(compare(flat(base), slower, options).value().verdict, Change::better);
}

TEST(Compare, LargeIsNotEnough) {
    const Comparison comparison = compare(flat({8, 8.2, 12, 13, 14}), flat(base), {}).value();
    EXPECT_EQ(comparison.verdict, Change::same);
    const Comparison wide = compare(flat({8, 8, 12, 33, 34}), flat(base), {}).value();
    EXPECT_EQ(wide.verdict, Change::unknown);
    EXPECT_THAT(row_of(wide, "gp.p50").why, HasSubstr("% is not ruled out"));
}

TEST(Compare, WhatSameHasToRuleOutIsForTheUserToSay) {
    CompareOptions options;
    options.rule_out = 300;
    options.min_effect = 100;
    EXPECT_EQ(compare(flat(base), flat(base), options).value().verdict, Change::unknown);
}

TEST(Compare, FewRunsTellNothing) {
    const Comparison comparison = compare(flat({50}), flat({8}), {}).value();
    EXPECT_EQ(comparison.verdict, Change::unknown);
    EXPECT_EQ(row_of(comparison, "gp.p50").why, "1 current run and 1 baseline run: at least four of each are needed");
    EXPECT_EQ(row_of(comparison, "gp.p50").current.value, 50'000'000 /* still told */);
    EXPECT_EQ(compare(flat({50, 51, 52}), flat({8, 8, 8}), {}).value().verdict, Change::unknown);
    EXPECT_EQ(compare(flat({50, 51, 52, 53}), flat({8, 8, 8, 8}), {}).value().verdict, Change::worse);
}

TEST(Compare, FewEventsTellNothingOfTheTail) {
    const Comparison comparison = compare(flat(base, 150), flat(base, 400), {}).value();
    EXPECT_EQ(row_of(comparison, "gp.p50").verdict, Change::same);
    EXPECT_EQ(row_of(comparison, "gp.p99").verdict, Change::unknown);
    EXPECT_EQ(row_of(comparison, "gp.p99").why, "a current run has 150 events, and 200 are needed");
    EXPECT_EQ(comparison.verdict, Change::unknown);
    EXPECT_EQ(events_needed(50), 10U);
    EXPECT_EQ(events_needed(99), 200U);
    EXPECT_EQ(events_needed(99.9), 2000U);
    EXPECT_EQ(events_needed(1), 200U);
}

TEST(Compare, WhatTheBaselineHasTooLittleOfIsLeftOutAndSaidToBe) {
    const Comparison comparison = compare(flat(base), flat(base), {}).value();
    ASSERT_EQ(comparison.left_out.size(), 4U);
    EXPECT_EQ(comparison.left_out[0].name, "gp.expedited.p50");
    EXPECT_EQ(comparison.left_out[0].why, "a baseline run has 0 events, and 10 are needed");
    // It is not left out if the user asked for it.
    CompareOptions options;
    options.metrics = {percentile_of("gp.expedited", 50)};
    const Comparison asked = compare(flat(base), flat(base), options).value();
    EXPECT_EQ(asked.verdict, Change::unknown);
    EXPECT_TRUE(asked.left_out.empty());
}

TEST(Compare, ALoadThatDidNotRunIsNoPass) {
    auto current = flat(base);
    current[2] = empty_run("idle.rcu");
    const auto comparison = compare(current, flat(base), {});
    ASSERT_FALSE(comparison);
    EXPECT_EQ(comparison.error().code, ExitCode::bad_input);
    EXPECT_EQ(comparison.error().what, "cannot compare gp");
    EXPECT_EQ(comparison.error().why, "idle.rcu has no such events, and every baseline run has some");
}

TEST(Compare, OnlyPercentilesAreCompared) {
    CompareOptions options;
    options.metrics = {percentile_of("gp", 100)};
    EXPECT_FALSE(compare(flat(base), flat(base), options));
    options.metrics = {Metric{.name = "hazards", .of = Metric::Of::count, .measure = ""}};
    const auto counts = compare(flat(base), flat(base), options);
    ASSERT_FALSE(counts);
    EXPECT_EQ(counts.error().hint, "limit it with --budget 'hazards<=N'");
}

TEST(Compare, TooManyRunsAreRefused) {
    EXPECT_FALSE(compare(flat(std::vector<double>(101, 8.0)), flat(base), {}));
}

TEST(EffectText, HasThreeDigits) {
    EXPECT_EQ(effect_text(0), "+0.0 %");
    EXPECT_EQ(effect_text(1'234), "+12.3 %");
    EXPECT_EQ(effect_text(-405), "-4.1 %");
    EXPECT_EQ(effect_text(123'456), "+1235 %");
    EXPECT_EQ(effect_text(9'999), "+100 %");
    EXPECT_EQ(effect_text(INT64_MIN).front(), '-');
}

} // namespace
} // namespace rcuscope::test
