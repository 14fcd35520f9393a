// SPDX-License-Identifier: BSD-2-Clause
#include "analysis/histogram.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace rcuscope {

std::uint64_t Histogram::lowest_of(std::uint32_t index) {
    constexpr std::uint32_t parts = 1U << precision_bits;
    if (index < parts)
        return index;
    const unsigned shift = (index >> precision_bits) - 1;
    return static_cast<std::uint64_t>(parts + (index & (parts - 1))) << shift;
}

std::uint64_t& Histogram::count_at(std::uint32_t index) {
    if (few()) {
        std::size_t place = 0;
        while (place < counts_.size() && counts_[place] < index)
            place += 2;
        if (place < counts_.size() && counts_[place] == index)
            return counts_[place + 1];
        if (counts_.size() < 2 * max_few) {
            counts_.insert(counts_.begin() + static_cast<std::ptrdiff_t>(place), {index, 0});
            return counts_[place + 1];
        }
        make_rows();
    }
    std::uint8_t& row = rows_[index >> precision_bits];
    if (row == 0) {
        counts_.resize(counts_.size() + row_size);
        row = static_cast<std::uint8_t>(counts_.size() / row_size);
    }
    return counts_[place_in(row, index)];
}

void Histogram::make_rows() {
    const std::vector<std::uint64_t> known = std::exchange(counts_, std::vector<std::uint64_t>(row_size));
    rows_[known.front() >> precision_bits] = 1;
    for (std::size_t place = 0; place < known.size(); place += 2)
        count_at(static_cast<std::uint32_t>(known[place])) = known[place + 1];
}

template <typename Each>
void Histogram::each_bucket(Each each) const {
    if (few()) {
        for (std::size_t place = 0; place < counts_.size(); place += 2)
            if (!each(static_cast<std::uint32_t>(counts_[place]), counts_[place + 1]))
                return;
        return;
    }
    for (std::size_t row = 0; row < rows_.size(); row++)
        for (std::uint32_t i = 0; rows_[row] != 0 && i < row_size; i++)
            if (const std::uint64_t count = counts_[place_in(rows_[row], i)];
                count != 0 && !each(static_cast<std::uint32_t>((row << precision_bits) + i), count))
                return;
}

bool Histogram::operator==(const Histogram& other) const {
    return count_ == other.count_ && min_ == other.min_ && max_ == other.max_ && sum_ == other.sum_ &&
           buckets() == other.buckets();
}

void Histogram::merge(const Histogram& other) {
    if (other.count_ == 0)
        return;
    other.each_bucket([this](std::uint32_t index, std::uint64_t count) {
        count_at(index) += count;
        return true;
    });
    min_ = std::min(min_, other.min_);
    max_ = std::max(max_, other.max_);
    count_ += other.count_;
    sum_ += other.sum_;
}

Nanoseconds Histogram::percentile(double percent) const {
    if (count_ == 0)
        return 0;
    // Multiply before the division: in doubles, 29 / 100.0 * 100 is a little more than 29.
    const double exact = std::ceil(std::clamp(percent, 0.0, 100.0) * static_cast<double>(count_) / 100.0);
    // For the greatest counts the double rounds up to 2^64, which does not fit.
    const auto rank = exact < 0x1p64 ? std::clamp<std::uint64_t>(static_cast<std::uint64_t>(exact), 1, count_) : count_;
    if (rank == 1)
        return min_;
    std::uint64_t seen = 0;
    Nanoseconds value = max_;
    each_bucket([&](std::uint32_t index, std::uint64_t count) {
        seen += count;
        if (seen >= rank) // the greatest value of the bucket
            value = std::min(static_cast<Nanoseconds>(lowest_of(index + 1) - 1), max_);
        return seen < rank;
    });
    return value;
}

std::map<Nanoseconds, std::uint64_t> Histogram::buckets() const {
    std::map<Nanoseconds, std::uint64_t> result;
    each_bucket([&](std::uint32_t index, std::uint64_t count) {
        result.emplace_hint(result.end(), static_cast<Nanoseconds>(lowest_of(index)), count);
        return true;
    });
    return result;
}

std::optional<Histogram> Histogram::from(const std::map<Nanoseconds, std::uint64_t>& buckets, Nanoseconds min,
                                         Nanoseconds max, double sum) {
    Histogram result;
    for (const auto& [lowest, count] : buckets) {
        if (lowest < 0 || count == 0)
            return std::nullopt;
        const std::uint32_t index = index_of(static_cast<std::uint64_t>(lowest));
        if (lowest_of(index) != static_cast<std::uint64_t>(lowest) ||
            __builtin_add_overflow(result.count_, count, &result.count_))
            return std::nullopt;
        result.count_at(index) = count;
    }
    if (result.count_ == 0)
        return min == 0 && max == 0 && sum == 0 ? std::optional(result) : std::nullopt;
    if (min < 0 || max < min || !std::isfinite(sum) ||
        index_of(static_cast<std::uint64_t>(min)) != index_of(static_cast<std::uint64_t>(buckets.begin()->first)) ||
        index_of(static_cast<std::uint64_t>(max)) != index_of(static_cast<std::uint64_t>(buckets.rbegin()->first)))
        return std::nullopt;
    const auto total = static_cast<double>(result.count_);
    // With a tolerance: a sum of doubles depends on the order of the additions.
    if (sum < static_cast<double>(min) * total * 0.999 || sum > static_cast<double>(max) * total * 1.001)
        return std::nullopt;
    result.min_ = min;
    result.max_ = max;
    result.sum_ = sum;
    return result;
}

} // namespace rcuscope
