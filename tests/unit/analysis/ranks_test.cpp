// SPDX-License-Identifier: BSD-2-Clause
#include "analysis/ranks.hpp"

#include <gtest/gtest.h>
#include <random>

namespace rcuscope::test {
namespace {

// Expects these shares of 252, the number of relabelings of five and five runs.
void expect_shares(const Significance& answer, std::uint64_t greater, std::uint64_t less) {
    EXPECT_EQ(answer.greater.of, greater);
    EXPECT_EQ(answer.greater.all, 252U);
    EXPECT_EQ(answer.less.of, less);
    EXPECT_EQ(answer.less.all, 252U);
}

TEST(Significance, CountsRelabelings) {
    // Wilcoxon's table for 5 and 5: rank sums of at least 40, 39 and 38 occur in 1, 2 and 4 of 252 relabelings.
    expect_shares(significance({{{6, 7, 8, 9, 10}, {1, 2, 3, 4, 5}}}).front(), 1, 252);
    expect_shares(significance({{{5, 7, 8, 9, 10}, {1, 2, 3, 4, 6}}}).front(), 2, 251);
    expect_shares(significance({{{5, 6, 8, 9, 10}, {1, 2, 3, 4, 7}}}).front(), 4, 250);
    expect_shares(significance({{{1, 2, 3, 4, 5}, {6, 7, 8, 9, 10}}}).front(), 252, 1);
}

TEST(Significance, EqualRunsShowNothing) {
    expect_shares(significance({{{7, 7, 7, 7, 7}, {7, 7, 7, 7, 7}}}).front(), 252, 252);
    // Equal values have the middle rank: {2, 2} of {1, 2, 2, 3} is as likely as not.
    const Significance answer = significance({{{2, 2}, {1, 3}}}).front();
    EXPECT_EQ(answer.greater.of, answer.less.of);
}

TEST(Significance, OneQuestionMoreCostsNoMoreThanItsOwnRelabelings) {
    const TwoSides apart{{6, 7, 8, 9, 10}, {1, 2, 3, 4, 5}};
    // The same relabeling is the most extreme of both questions: asking twice costs nothing.
    const auto twice = significance({apart, apart});
    expect_shares(twice[0], 1, 252);
    expect_shares(twice[1], 1, 252);
    // Another question, whose most extreme relabeling is another one.
    const TwoSides mixed{{1, 8, 3, 10, 5}, {6, 2, 7, 4, 9}};
    const auto both = significance({mixed, apart});
    EXPECT_EQ(both[1].greater.of, 2U);
    EXPECT_GT(both[0].greater.of, 25U);
    // Five and five runs allow six relabelings.
    EXPECT_TRUE((Share{6, 252}.at_most_permille(25)));
    EXPECT_FALSE((Share{7, 252}.at_most_permille(25)));
}

TEST(Significance, WhoShowsLessIsNotMoreSignificant) {
    const auto answers = significance(
        {{{6, 7, 8, 9, 10}, {1, 2, 3, 4, 5}}, {{5, 7, 8, 9, 10}, {1, 2, 3, 4, 6}}, {{3, 1, 4, 1, 5}, {9, 2, 6, 5, 3}}});
    EXPECT_LE(answers[0].greater.of, answers[1].greater.of);
    EXPECT_LE(answers[1].greater.of, answers[2].greater.of);
}

TEST(Significance, DrawsOfManyRelabelingsAreAlwaysTheSame) {
    TwoSides sides;
    for (std::int64_t run = 0; run < 15; ++run) {
        sides.current.push_back(100 + 2 * run + 9);
        sides.baseline.push_back(100 + 2 * run);
    }
    const Significance answer = significance({sides}).front();
    EXPECT_EQ(answer.greater.all, 100'000U);
    EXPECT_EQ(answer.greater.of, significance({sides}).front().greater.of);
    // 170 of the 225 pairs: 0.9 % by the normal approximation.
    EXPECT_GT(answer.greater.of, 700U);
    EXPECT_LT(answer.greater.of, 1'000U);
}

// Six independent questions at once must be significant about as often as is allowed.
TEST(Significance, NoiseIsSignificantAsOftenAsIsAllowed) {
    std::mt19937_64 random(3);
    constexpr int tries = 4000;
    int greater = 0;
    int less = 0;
    for (int i = 0; i < tries; ++i) {
        std::vector<TwoSides> questions(6);
        for (TwoSides& sides : questions)
            for (auto* runs : {&sides.current, &sides.baseline})
                for (int run = 0; run < 5; ++run)
                    runs->push_back(static_cast<std::int64_t>(random() >> 2));
        bool any_greater = false;
        bool any_less = false;
        for (const Significance& answer : significance(questions)) {
            any_greater |= answer.greater.at_most_permille(25);
            any_less |= answer.less.at_most_permille(25);
        }
        greater += any_greater;
        less += any_less;
    }
    // The standard error of 2.5 % is 0.25 %.
    for (const int count : {greater, less}) {
        EXPECT_LE(count * 1000, tries * 32);
        EXPECT_GE(count * 1000, tries * 17);
    }
}

TEST(Significance, OfNoQuestionsThereAreNoAnswers) {
    EXPECT_TRUE(significance({}).empty());
}

TEST(SmallestShare, FourAndFourAreEnough) {
    EXPECT_EQ(smallest_share(5, 5).all, 252U);
    EXPECT_FALSE(smallest_share(1, 1).at_most_permille(25));
    EXPECT_FALSE(smallest_share(3, 3).at_most_permille(25));
    EXPECT_TRUE(smallest_share(3, 5).at_most_permille(25));
    EXPECT_TRUE(smallest_share(4, 4).at_most_permille(25));
    EXPECT_TRUE(smallest_share(100, 100).at_most_permille(1));
}

TEST(MedianOfRuns, HasAnIntervalOfRuns) {
    const Estimate five = median_of_runs({50, 10, 40, 20, 30});
    EXPECT_EQ(five.value, 30);
    EXPECT_EQ(five.interval, (Interval{10, 50}));
    EXPECT_EQ(five.coverage_permille, 937U); // 1 - 2 / 32
    const Estimate nine = median_of_runs({1, 2, 3, 4, 5, 6, 7, 8, 9});
    EXPECT_EQ(nine.value, 5);
    EXPECT_EQ(nine.interval, (Interval{2, 8}));
    EXPECT_EQ(nine.coverage_permille, 960U); // 1 - 2 * 10 / 512
    EXPECT_EQ(median_of_runs({1, 2}).value, 1);
    EXPECT_EQ(median_of_runs({7}).coverage_permille, 0U);
    EXPECT_EQ(median_of_runs({}).value, 0);
}

TEST(Effect, IsTheMedianOfTheRatios) {
    const Effect effect = effect_of({{110, 120, 130, 140, 150}, {100, 100, 100, 100, 100}});
    EXPECT_EQ(effect.value, 3'000);
    // The third smallest and the third largest of 25 ratios: 2 of 252 relabelings have fewer than two pairs, 7 have
    // fewer than four.
    EXPECT_EQ(effect.interval, (Interval{1'000, 5'000}));
    const Effect spread = effect_of({{10, 20, 30, 40, 50}, {10, 10, 10, 10, 1000}});
    EXPECT_EQ(spread.interval, (Interval{-9'700, 40'000}));
}

TEST(Effect, HasNoIntervalWithTooFewRuns) {
    const Effect effect = effect_of({{30, 30, 30}, {10, 10, 10}});
    EXPECT_EQ(effect.value, 20'000);
    EXPECT_FALSE(effect.interval);
    EXPECT_EQ(effect_of({{}, {1}}).value, 0);
}

TEST(Effect, OfNothingIsNoDivisionByIt) {
    EXPECT_EQ(effect_of({{0}, {0}}).value, 0);
    EXPECT_EQ(effect_of({{5}, {0}}).value, 40'000);
    EXPECT_GT(effect_of({{INT64_MAX}, {0}}).value, 0);
}

} // namespace
} // namespace rcuscope::test
