// SPDX-License-Identifier: BSD-2-Clause
#include "analysis/budget.hpp"

#include <gmock/gmock.h>

#include "analysis/runs.hpp"

namespace rcuscope::test {
namespace {

using testing::HasSubstr;

RunDigest run_of(const std::string& name, std::initializer_list<double> grace_periods_ms) {
    RunDigest run = empty_run(name);
    for (const double each : grace_periods_ms)
        run.digest.durations["gp"].add(static_cast<Nanoseconds>(each * 1e6));
    return run;
}

Budget budget(const std::string& text) {
    const auto parsed = parse_budget(text);
    EXPECT_TRUE(parsed) << text << ": " << (parsed ? "" : parsed.error().why);
    return parsed.value_or(Budget{});
}

// Returns "WHAT: WHY (HINT)".
std::string wrong_budget(const std::string& text) {
    const auto parsed = parse_budget(text);
    if (parsed)
        return "taken";
    EXPECT_EQ(parsed.error().code, ExitCode::bad_input);
    EXPECT_FALSE(parsed.error().hint.empty());
    return parsed.error().what + ": " + parsed.error().why + " (" + parsed.error().hint + ")";
}

TEST(ParseBudget, TakesDurationsAndCounts) {
    const Budget p99 = budget("gp.p99<50ms");
    EXPECT_EQ(p99.metric.name, "gp");
    EXPECT_EQ(p99.metric.percent, 99);
    EXPECT_EQ(p99.relation, Relation::less);
    EXPECT_EQ(p99.limit, 50'000'000);
    EXPECT_EQ(budget("gp.expedited.p99.9 <= 1.5 ms").metric.percent, 99.9);
    EXPECT_EQ(budget("callback.latency.max<1s").metric.percent, 100);
    EXPECT_EQ(budget("wait.rcu_barrier.min>=0ns").relation, Relation::at_least);
    EXPECT_EQ(budget("gp.count>100").limit, 100);
    EXPECT_EQ(budget("hazards==0").relation, Relation::equal);
}

TEST(ParseBudget, SaysWhatIsWrong) {
    EXPECT_THAT(wrong_budget("gp.p99"), HasSubstr("'gp.p99' is not a budget: it contains no comparison (write METRIC"));
    EXPECT_THAT(wrong_budget("gpp.p99<1s"),
                HasSubstr("'gpp.p99' is not a metric, no metric has that name (durations, with "));
    EXPECT_THAT(wrong_budget("gpp.p99<1s"), HasSubstr("gp, gp.expedited, callback.latency, "));
    EXPECT_THAT(wrong_budget("gp<1s"), HasSubstr("it does not say which value of these durations (write gp.p99"));
    EXPECT_THAT(
        wrong_budget("gp.p99<50"),
        HasSubstr("'50' is not a duration, it has no unit (write it with a unit (ns, us, ms or s), such as 50ms"));
    EXPECT_THAT(wrong_budget("gp.p99<50m"), HasSubstr("it has an unknown unit"));
    EXPECT_THAT(wrong_budget("gp.p99<"), HasSubstr("does not begin with a number"));
    EXPECT_THAT(wrong_budget("gp.p99<-1ms"), HasSubstr("it is negative"));
    EXPECT_THAT(wrong_budget("hazards==0ms"), HasSubstr("'0ms' is not a limit of a count"));
    EXPECT_THAT(wrong_budget("hazards==-1"), HasSubstr("not a whole number"));
    EXPECT_THAT(wrong_budget("hazards=0"), HasSubstr("its relation is unknown"));
    EXPECT_THAT(wrong_budget("hazards=<0"), HasSubstr("its relation is unknown"));
    for (const char* nonsense : {"", "<", "==", "gp.p101<1s", "gp.p<1s", "gp.pnan<1s", "gp.p-1<1s", "gp.mean<1s",
                                 "gp.p99<<1s", "gp.p99<50ms<1s", "gp.p99<1s<2s", "hazards==99999999999999999999",
                                 "gp.p99<nan", "gp.p99<1e999s", "<5ms", "hazards.p99<1s"})
        EXPECT_NE(wrong_budget(nonsense), "taken") << nonsense;
}

TEST(JudgeBudget, EachRunHasToKeepIt) {
    const std::vector<RunDigest> runs{run_of("a", {1, 2}), run_of("b", {3, 70}), run_of("c", {5, 60})};
    const BudgetResult exceeded = judge(budget("gp.max<50ms"), runs);
    EXPECT_EQ(exceeded.verdict, BudgetVerdict::exceeded);
    EXPECT_EQ(exceeded.worst_run, 1U);
    EXPECT_EQ(exceeded.worst, 70'000'000);
    EXPECT_EQ(exceeded.exceeded_runs, 2U);
    const BudgetResult kept = judge(budget("gp.max<=70ms"), runs);
    EXPECT_EQ(kept.verdict, BudgetVerdict::kept);
    EXPECT_EQ(kept.worst_run, 1U);
    EXPECT_EQ(judge(budget("gp.max<70ms"), runs).verdict, BudgetVerdict::exceeded);
    const BudgetResult least = judge(budget("gp.min>1ms"), runs);
    EXPECT_EQ(least.verdict, BudgetVerdict::exceeded);
    EXPECT_EQ(least.worst_run, 0U);
    EXPECT_EQ(judge(budget("gp.count==2"), runs).verdict, BudgetVerdict::kept);
    EXPECT_EQ(judge(budget("gp.count==3"), runs).exceeded_runs, 3U);
    EXPECT_EQ(judge(budget("hazards==0"), runs).verdict, BudgetVerdict::kept);
}

TEST(JudgeBudget, NothingSeenIsNotKept) {
    const std::vector<RunDigest> runs{run_of("a", {1}), run_of("b", {})};
    const BudgetResult unknown = judge(budget("gp.p99<50ms"), runs);
    EXPECT_EQ(unknown.verdict, BudgetVerdict::unknown);
    EXPECT_EQ(unknown.worst_run, 1U);
    EXPECT_EQ(unknown.why, "the run has no data for it");
    // An exceeded budget is exceeded, even if other values are unknown.
    EXPECT_EQ(judge(budget("gp.p99<1ms"), runs).verdict, BudgetVerdict::exceeded);
}

TEST(JudgeBudget, WhatWasLostMayHaveExceededIt) {
    std::vector<RunDigest> runs{run_of("a", {1}), run_of("b", {2})};
    runs[0].digest.lost = 3;
    const BudgetResult unknown = judge(budget("gp.max<50ms"), runs);
    EXPECT_EQ(unknown.verdict, BudgetVerdict::unknown);
    EXPECT_EQ(unknown.worst_run, 0U);
    EXPECT_EQ(unknown.why, "3 events were lost");
    EXPECT_EQ(judge(budget("gp.count>=1"), runs).verdict, BudgetVerdict::kept);
    const BudgetResult exceeded = judge(budget("gp.max<2ms"), runs);
    EXPECT_EQ(exceeded.verdict, BudgetVerdict::exceeded);
    EXPECT_EQ(exceeded.worst_run, 1U);
}

} // namespace
} // namespace rcuscope::test
