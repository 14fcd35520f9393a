// SPDX-License-Identifier: BSD-2-Clause
//
// Measures how often each verdict occurs in hundreds of synthetic comparisons whose truth is known. The random seed
// is fixed, so the rates are the same each time.
#include <gtest/gtest.h>
#include <map>

#include "analysis/runs.hpp"

namespace rcuscope::test {
namespace {

// 2.5 % is the limit; 1.1 % is the standard error of the measured rate.
constexpr double expected_at_most = 4.7; // with 200 tries

// In percent of the tries.
struct Rates {
    std::map<Change, double> of;
    double operator[](Change change) const { return of.contains(change) ? of.at(change) : 0; }
};

Rates rates(const Load& current, const Load& baseline, std::size_t runs = 5, int tries = 200) {
    Chance chance(7);
    Rates rates;
    for (int i = 0; i < tries; ++i) {
        const auto base = chance.runs(baseline, runs);
        const auto comparison = compare(chance.runs(current, runs), base, {});
        rates.of[comparison.value().verdict] += 100.0 / tries;
    }
    return rates;
}

Load slower(Load load, double by) {
    load.median_ms *= by;
    return load;
}

TEST(CompareRates, TheSameLoadIsTheSame) {
    const Rates same = rates({}, {});
    EXPECT_GE(same[Change::same], 95);
    EXPECT_LE(same[Change::worse], 2.5);
    EXPECT_LE(same[Change::better], 2.5);
}

TEST(CompareRates, ASlowdownIsWorse) {
    const Rates worse = rates(slower({}, 1.3), {});
    EXPECT_GE(worse[Change::worse], 95);
    EXPECT_EQ(worse[Change::better], 0);
    const Rates better = rates({}, slower({}, 1.3));
    EXPECT_GE(better[Change::better], 95);
    EXPECT_EQ(better[Change::worse], 0);
}

// A real but small slowdown: even with many runs it is below the slowdown that the test looks for.
TEST(CompareRates, ASmallSlowdownIsNotWorse) {
    const Load load{.within = 0.1, .between = 0.01, .events = 400};
    EXPECT_GE(rates(slower(load, 1.05), load, 8)[Change::same], 97);
}

TEST(CompareRates, MoreRunsSeeSmallerSlowdowns) {
    const Load load{.between = 0.08, .events = 300};
    const double few = rates(slower(load, 1.2), load, 4)[Change::worse];
    const double many = rates(slower(load, 1.2), load, 9)[Change::worse];
    EXPECT_LT(few, 85);
    EXPECT_GE(many, 95);
}

// Events of one run are similar, however many there are: a test that takes them as independent fails here.
TEST(CompareRates, NoiseOfRunsIsNotWorse) {
    for (const double between : {0.2, 0.5, 1.0}) {
        const Load load{.between = between, .events = 300};
        const Rates noisy = rates(load, load);
        EXPECT_LE(noisy[Change::worse], expected_at_most) << between;
        EXPECT_LE(noisy[Change::better], expected_at_most) << between;
    }
    const Load wild{.between = 1.0, .events = 300};
    EXPECT_GE(rates(wild, wild)[Change::unknown], 80);
}

TEST(CompareRates, FatTailsAreNotWorse) {
    const Load load{.events = 600, .tail = 20};
    const Rates fat = rates(load, load);
    EXPECT_LE(fat[Change::worse], expected_at_most);
    EXPECT_LE(fat[Change::better], expected_at_most);
    EXPECT_GE(rates(slower(load, 2), load)[Change::worse], 95);
}

// Testing several metrics at once is corrected once, whether they are correlated or not.
TEST(CompareRates, ManyMetricsAreOneVerdict) {
    const Load load{.between = 0.15, .events = 200, .names = {"gp", "gp.expedited", "callback.latency"}};
    const Rates same = rates(load, load, 5, 800);
    EXPECT_LE(same[Change::worse], expected_at_most);
    EXPECT_LE(same[Change::better], expected_at_most);
    EXPECT_GE(rates(slower(load, 2), load)[Change::worse], 95);
}

// A slowdown by the factor that "same" excludes is never judged as "same".
TEST(CompareRates, ADoublingIsNeverTheSame) {
    for (const double between : {0.1, 0.4, 0.8}) {
        const Load load{.between = between, .events = 300};
        EXPECT_LE(rates(slower(load, 2), load)[Change::same], 2.5) << between;
    }
}

} // namespace
} // namespace rcuscope::test
