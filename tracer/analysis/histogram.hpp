// SPDX-License-Identifier: BSD-2-Clause
//
// A histogram of durations. Its memory does not grow with the number of durations.
//
// The scheme is HdrHistogram's (Gil Tene, hdrhistogram.org): each power of two is divided into 2^precision_bits
// buckets. A value is kept as its bucket; the width of a bucket is at most its lowest value * max_relative_error.
// Values below 2^precision_bits, the minimum and the maximum are exact. Only ranges that hold a value take memory.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <vector>

#include "timeline/nanoseconds.hpp"

namespace rcuscope {

class Histogram {
public:
    static constexpr unsigned precision_bits = 7;
    static constexpr double max_relative_error = 1.0 / (1U << precision_bits); // 0.8 %

    // A negative duration counts as 0.
    void add(Nanoseconds duration) { count(duration, 1); }
    void add(Nanoseconds duration, std::uint64_t times) {
        if (times != 0)
            count(duration, times);
    }
    void merge(const Histogram& other);

    std::uint64_t count() const { return count_; }
    // Without any value all of these are 0.
    Nanoseconds min() const { return count_ == 0 ? 0 : min_; }
    Nanoseconds max() const { return max_; }
    double sum() const { return sum_; } // with the precision of a double
    double mean() const { return count_ == 0 ? 0 : sum_ / static_cast<double>(count_); }

    // The nearest-rank percentile: at least `percent` % of the values do not exceed it. It is too large by at most
    // max_relative_error.
    Nanoseconds percentile(double percent) const;

    // The lowest value of each non-empty bucket and the count of the bucket, ascending.
    std::map<Nanoseconds, std::uint64_t> buckets() const;
    // Rebuilds a histogram from its buckets(), min(), max() and sum(). Nullopt if these contradict each other.
    static std::optional<Histogram> from(const std::map<Nanoseconds, std::uint64_t>& buckets, Nanoseconds min,
                                         Nanoseconds max, double sum);

    bool operator==(const Histogram& other) const;

private:
    // Always inlined: for the common case times == 1 the compiler removes the multiplication.
    [[gnu::always_inline]] void count(Nanoseconds duration, std::uint64_t times) {
        duration = std::max<Nanoseconds>(duration, 0);
        const std::uint32_t index = index_of(static_cast<std::uint64_t>(duration));
        if (const std::uint32_t row = rows_[index >> precision_bits]) [[likely]]
            counts_[place_in(row, index)] += times;
        else
            count_at(index) += times;
        min_ = std::min(min_, duration);
        max_ = std::max(max_, duration);
        count_ += times;
        sum_ += static_cast<double>(duration) * static_cast<double>(times);
    }
    // The index of a bucket is exponent * 2^precision_bits + the precision_bits bits after the highest set bit. For
    // values below 2^precision_bits it is the value itself.
    static std::uint32_t index_of(std::uint64_t value) {
        constexpr std::uint64_t parts = std::uint64_t{1} << precision_bits;
        if (value < parts)
            return static_cast<std::uint32_t>(value);
        const auto shift = static_cast<unsigned>(std::bit_width(value)) - 1 - precision_bits;
        return static_cast<std::uint32_t>(((shift + 1) << precision_bits) + ((value >> shift) - parts));
    }
    static std::uint64_t lowest_of(std::uint32_t index);
    std::uint64_t& count_at(std::uint32_t index);
    void make_rows();
    // Calls each(index, count) for the non-empty buckets, ascending, until it returns false.
    template <typename Each>
    void each_bucket(Each each) const;

    static constexpr std::uint32_t row_size = 1U << precision_bits;
    static constexpr std::size_t max_rows = 64 - precision_bits + 1;
    static std::size_t place_in(std::uint32_t row, std::uint32_t index) {
        return std::size_t{row - 1} * row_size + (index & (row_size - 1));
    }

    // While at most max_few buckets are non-empty, counts_ holds pairs of index and count, ascending. A row takes one
    // KiB, and there may be a histogram for each of thousands of functions.
    static constexpr std::size_t max_few = 8;
    bool few() const { return counts_.size() <= 2 * max_few; }

    // With more, counts_ holds a row of counts for each power of two that has a value, in the order of first use.
    std::vector<std::uint64_t> counts_;
    std::array<std::uint8_t, max_rows> rows_{}; // by power of two: the number of its row in counts_, from 1; 0: none
    std::uint64_t count_ = 0;
    Nanoseconds min_ = std::numeric_limits<Nanoseconds>::max(); // the value for an empty histogram
    Nanoseconds max_ = 0;
    double sum_ = 0;
};

} // namespace rcuscope
