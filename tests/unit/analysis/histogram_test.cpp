// SPDX-License-Identifier: BSD-2-Clause
#include "analysis/histogram.hpp"

#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>
#include <limits>
#include <random>
#include <vector>

namespace rcuscope {
namespace {

Nanoseconds exactly(std::vector<Nanoseconds> values, double percent) {
    std::sort(values.begin(), values.end());
    const auto rank = static_cast<std::size_t>(std::ceil(percent * static_cast<double>(values.size()) / 100.0));
    return values[std::max<std::size_t>(rank, 1) - 1];
}

std::vector<Nanoseconds> random_values(std::mt19937_64& random) {
    std::vector<Nanoseconds> values(1 + random() % 3000);
    // A shift by a random count gives values of all magnitudes.
    for (Nanoseconds& value : values)
        value = static_cast<Nanoseconds>(random() >> (1 + random() % 63));
    return values;
}

Histogram histogram_of(const std::vector<Nanoseconds>& values) {
    Histogram histogram;
    for (const Nanoseconds value : values)
        histogram.add(value);
    return histogram;
}

TEST(Histogram, percentiles_are_those_of_a_sort_within_the_stated_error) {
    std::mt19937_64 random(1);
    for (int round = 0; round < 200; ++round) {
        const std::vector<Nanoseconds> values = random_values(random);
        const Histogram histogram = histogram_of(values);
        for (const double percent : {0.0, 1.0, 29.0, 50.0, 90.0, 99.0, 99.9, 100.0}) {
            const Nanoseconds exact = exactly(values, percent);
            const Nanoseconds found = histogram.percentile(percent);
            ASSERT_GE(found, exact) << percent;
            ASSERT_LE(static_cast<double>(found - exact), Histogram::max_relative_error * static_cast<double>(exact))
                << percent;
        }
    }
}

TEST(Histogram, both_ends_are_exact) {
    const Histogram histogram = histogram_of({1'000'003, 77'777'777, 123'456'789});
    EXPECT_EQ(histogram.min(), 1'000'003);
    EXPECT_EQ(histogram.percentile(0), 1'000'003);
    EXPECT_EQ(histogram.max(), 123'456'789);
    EXPECT_EQ(histogram.percentile(100), 123'456'789);
    EXPECT_EQ(histogram.sum(), 202'234'569.0);
}

TEST(Histogram, merged_is_the_same_as_added) {
    std::mt19937_64 random(2);
    std::vector<Nanoseconds> all = random_values(random);
    Histogram merged = histogram_of(all);
    const std::vector<Nanoseconds> more = random_values(random);
    merged.merge(histogram_of(more));
    all.insert(all.end(), more.begin(), more.end());
    const Histogram added = histogram_of(all);
    EXPECT_EQ(merged.buckets(), added.buckets());
    EXPECT_EQ(merged.percentile(99), added.percentile(99));
    merged.merge({});
    EXPECT_EQ(merged.count(), all.size());
}

TEST(Histogram, comes_back_from_its_buckets) {
    std::mt19937_64 random(3);
    const Histogram histogram = histogram_of(random_values(random));
    const auto back = Histogram::from(histogram.buckets(), histogram.min(), histogram.max(), histogram.sum());
    ASSERT_TRUE(back);
    EXPECT_EQ(*back, histogram);
    EXPECT_EQ(Histogram::from({}, 0, 0, 0), Histogram());
}

TEST(Histogram, does_not_come_back_from_what_contradicts_itself) {
    const Histogram histogram = histogram_of({1000, 2000, 3000});
    const auto from = [&](auto change) {
        auto buckets = histogram.buckets();
        Nanoseconds min = histogram.min();
        Nanoseconds max = histogram.max();
        double sum = histogram.sum();
        change(buckets, min, max, sum);
        return Histogram::from(buckets, min, max, sum);
    };
    EXPECT_TRUE(from([](auto&, auto&, auto&, auto&) {}));
    EXPECT_FALSE(from([](auto& buckets, auto&, auto&, auto&) { buckets[1001] = 1; })); // not a bucket's lowest value
    EXPECT_FALSE(from([](auto& buckets, auto&, auto&, auto&) { buckets[-5] = 1; }));
    EXPECT_FALSE(from([](auto& buckets, auto&, auto&, auto&) { buckets.begin()->second = 0; }));
    EXPECT_FALSE(from([](auto& buckets, auto&, auto&, auto&) {
        buckets.begin()->second = std::numeric_limits<std::uint64_t>::max();
    }));
    EXPECT_FALSE(from([](auto&, auto& min, auto&, auto&) { min = 900; }));
    EXPECT_FALSE(from([](auto&, auto&, auto& max, auto&) { max = 4000; }));
    EXPECT_FALSE(from([](auto&, auto&, auto&, auto& sum) { sum = 1; }));
    EXPECT_FALSE(from([](auto&, auto&, auto&, auto& sum) { sum = std::nan(""); }));
    EXPECT_FALSE(from([](auto& buckets, auto&, auto&, auto&) { buckets.clear(); }));
}

TEST(Histogram, takes_every_duration_there_is) {
    Histogram histogram;
    histogram.add(-1);
    histogram.add(std::numeric_limits<Nanoseconds>::max());
    EXPECT_EQ(histogram.percentile(50), 0);
    EXPECT_EQ(histogram.percentile(100), std::numeric_limits<Nanoseconds>::max());
}

TEST(Histogram, of_nothing_is_zero) {
    EXPECT_EQ(Histogram().count(), 0U);
    EXPECT_EQ(Histogram().percentile(50), 0);
    EXPECT_EQ(Histogram().mean(), 0);
}

TEST(Histogram, counts_as_many_as_there_are_numbers) {
    Histogram histogram;
    histogram.add(5);
    histogram.add(9, std::numeric_limits<std::uint64_t>::max() - 1);
    EXPECT_EQ(histogram.percentile(100), 9);
    EXPECT_EQ(histogram.percentile(50), 9);
}

// Histograms are equal whether they were counted, read or merged, in any order, with few or many non-empty buckets.
TEST(Histogram, FewBucketsAndManyAreKeptAlike) {
    for (const std::size_t size : {1U, 7U, 8U, 9U, 10U, 200U}) {
        Histogram falling;
        Histogram rising;
        Histogram merged;
        for (std::size_t i = 0; i < size; i++) {
            falling.add(static_cast<Nanoseconds>((size - i) * 1000), 2);
            rising.add(static_cast<Nanoseconds>((i + 1) * 1000), 2);
            Histogram one;
            one.add(static_cast<Nanoseconds>((i * 7 % size + 1) * 1000), 2);
            merged.merge(one);
        }
        EXPECT_EQ(falling, rising);
        EXPECT_EQ(falling.buckets().size(), Histogram(rising).buckets().size());
        EXPECT_EQ(falling.percentile(100), static_cast<Nanoseconds>(size * 1000));
        const auto read = Histogram::from(rising.buckets(), rising.min(), rising.max(), rising.sum());
        ASSERT_TRUE(read);
        EXPECT_EQ(*read, rising);
        EXPECT_EQ(merged.count(), 2 * size);
    }
}

} // namespace
} // namespace rcuscope
