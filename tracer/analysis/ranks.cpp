// SPDX-License-Identifier: BSD-2-Clause
#include "analysis/ranks.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

namespace rcuscope {

namespace {

constexpr std::uint64_t max_exact = 100'000;
constexpr std::uint64_t seed = 0x72637573636f7065; // an arbitrary constant

// The binomial coefficient, at most `limit`.
std::uint64_t ways_to_choose(std::uint64_t all, std::uint64_t chosen, std::uint64_t limit) {
    std::uint64_t ways = 1;
    for (std::uint64_t i = 1; i <= std::min(chosen, all - chosen); ++i) {
        ways = ways * (all - i + 1) / i; // divides without remainder
        if (ways >= limit)
            return limit;
    }
    return ways;
}

// Twice the rank of each run among all runs, the current ones first. Equal values get the mean of their ranks.
std::vector<std::int64_t> doubled_ranks(const TwoSides& sides) {
    std::vector<std::int64_t> all = sides.current;
    all.insert(all.end(), sides.baseline.begin(), sides.baseline.end());
    std::vector<std::int64_t> ranks;
    for (const std::int64_t value : all) {
        const auto below = std::count_if(all.begin(), all.end(), [&](std::int64_t other) { return other < value; });
        const auto equal = std::count(all.begin(), all.end(), value);
        ranks.push_back(2 * below + equal + 1);
    }
    return ranks;
}

// The next combination in lexicographic order. False after the last.
bool next_choice(std::vector<std::size_t>& chosen, std::size_t all) {
    for (std::size_t i = chosen.size(); i-- > 0;) {
        if (chosen[i] == all - chosen.size() + i)
            continue;
        ++chosen[i];
        for (std::size_t j = i + 1; j < chosen.size(); ++j)
            chosen[j] = chosen[j - 1] + 1;
        return true;
    }
    return false;
}

// Standard library distributions differ between implementations; the generator does not.
std::size_t below(std::mt19937_64& random, std::size_t limit) {
    return static_cast<std::size_t>(random() % limit);
}

template <typename Take>
std::uint64_t each_relabeling(std::size_t current, std::size_t all, Take take) {
    std::vector<std::size_t> chosen(current);
    std::iota(chosen.begin(), chosen.end(), 0);
    if (const std::uint64_t ways = ways_to_choose(all, current, max_exact + 1); ways <= max_exact) {
        do
            take(chosen);
        while (next_choice(chosen, all));
        return ways;
    }
    take(chosen); // the actual labeling
    std::mt19937_64 random(seed);
    std::vector<std::size_t> places(all);
    std::iota(places.begin(), places.end(), 0);
    for (std::uint64_t draw = 1; draw < max_exact; ++draw) {
        for (std::size_t i = 0; i < current; ++i)
            std::swap(places[i], places[i + below(random, all - i)]);
        std::copy_n(places.begin(), current, chosen.begin());
        take(chosen);
    }
    return max_exact;
}

// One direction of the step-down maxT test. Higher ranks support the hypothesis.
class StepDown {
public:
    StepDown(std::vector<std::vector<std::int64_t>> ranks, std::size_t current) : ranks_(std::move(ranks)) {
        for (const auto& of_question : ranks_)
            observed_.push_back(std::accumulate(
                of_question.begin(), of_question.begin() + static_cast<std::ptrdiff_t>(current), std::int64_t{0}));
        order_.resize(ranks_.size());
        std::iota(order_.begin(), order_.end(), 0);
        std::stable_sort(order_.begin(), order_.end(),
                         [&](std::size_t a, std::size_t b) { return observed_[a] < observed_[b]; });
        reached_.resize(ranks_.size());
    }

    // In the order of the observed sums, ascending: compares each observed sum with the maximum of the relabeled sums
    // of the questions so far.
    void take(const std::vector<std::size_t>& chosen) {
        std::int64_t limit = 0;
        for (const std::size_t question : order_) {
            std::int64_t sum = 0;
            for (const std::size_t run : chosen)
                sum += ranks_[question][run];
            limit = std::max(limit, sum);
            reached_[question] += limit >= observed_[question];
        }
    }

    // Makes the counts monotonic: a question with a smaller observed sum is not more significant.
    std::vector<std::uint64_t> counts() const {
        std::vector<std::uint64_t> result = reached_;
        std::uint64_t greatest = 0;
        for (auto question = order_.rbegin(); question != order_.rend(); ++question) {
            greatest = std::max(greatest, result[*question]);
            result[*question] = greatest;
        }
        return result;
    }

private:
    std::vector<std::vector<std::int64_t>> ranks_;
    std::vector<std::int64_t> observed_;
    std::vector<std::size_t> order_;     // questions by observed_, ascending
    std::vector<std::uint64_t> reached_; // relabelings that reach the observed sum
};

// The null distribution of the Mann-Whitney U statistic: element [pairs] is the number of orders of all runs in which
// the current run is greater in that many pairs, without ties. The numbers are doubles, which are only added, so every
// machine rounds alike.
std::vector<double> orders_by_pairs(std::size_t current, std::size_t baseline) {
    // orders[j]: for i current and j baseline runs.
    std::vector<std::vector<double>> orders(baseline + 1, {1.0});
    for (std::size_t i = 1; i <= current; ++i) {
        for (std::size_t j = 1; j <= baseline; ++j) {
            // The greatest run is either a current run, greater than all j baseline runs, or a baseline run.
            std::vector<double> sum(i * j + 1);
            for (std::size_t pairs = 0; pairs < orders[j].size(); ++pairs)
                sum[pairs + j] += orders[j][pairs];
            for (std::size_t pairs = 0; pairs < orders[j - 1].size(); ++pairs)
                sum[pairs] += orders[j - 1][pairs];
            orders[j] = std::move(sum);
        }
    }
    return orders[baseline];
}

// The number of leading values whose weights add up to at most 25 per mille of all weights.
std::size_t outside(const std::vector<double>& weights) {
    const double all = std::accumulate(weights.begin(), weights.end(), 0.0);
    double sum = 0;
    std::size_t count = 0;
    while (count < weights.size()) {
        sum += weights[count];
        if (sum * 1000 > all * 25)
            break;
        ++count;
    }
    return count;
}

std::int64_t middle(const std::vector<std::int64_t>& sorted) {
    const std::size_t half = sorted.size() / 2;
    if (sorted.size() % 2 == 1)
        return sorted[half];
    return sorted[half - 1] + (sorted[half] - sorted[half - 1]) / 2;
}

} // namespace

std::vector<Significance> significance(const std::vector<TwoSides>& questions) {
    if (questions.empty())
        return {};
    const std::size_t current = questions.front().current.size();
    const std::size_t all = current + questions.front().baseline.size();
    std::vector<std::vector<std::int64_t>> up;
    std::vector<std::vector<std::int64_t>> down;
    for (const TwoSides& sides : questions) {
        up.push_back(doubled_ranks(sides));
        down.push_back(up.back());
        for (std::int64_t& rank : down.back())
            rank = 2 * (static_cast<std::int64_t>(all) + 1) - rank;
    }
    StepDown greater(std::move(up), current);
    StepDown less(std::move(down), current);
    const std::uint64_t relabelings = each_relabeling(current, all, [&](const std::vector<std::size_t>& chosen) {
        greater.take(chosen);
        less.take(chosen);
    });
    std::vector<Significance> result;
    const auto greater_counts = greater.counts();
    const auto less_counts = less.counts();
    for (std::size_t question = 0; question < questions.size(); ++question)
        result.push_back({{greater_counts[question], relabelings}, {less_counts[question], relabelings}});
    return result;
}

Share smallest_share(std::size_t current, std::size_t baseline) {
    return {1, ways_to_choose(current + baseline, current, max_exact)};
}

Estimate median_of_runs(std::vector<std::int64_t> values) {
    if (values.empty())
        return {};
    std::sort(values.begin(), values.end());
    // A row of Pascal's triangle: the probability, unscaled, that i runs lie below the true median.
    std::vector<double> weights{1.0};
    for (std::size_t run = 0; run < values.size(); ++run) {
        weights.push_back(0);
        for (std::size_t i = weights.size() - 1; i > 0; --i)
            weights[i] += weights[i - 1];
    }
    const std::size_t left_out = std::max<std::size_t>(outside(weights), 1);
    const auto first = weights.begin();
    const double tail = std::accumulate(first, first + static_cast<std::ptrdiff_t>(left_out), 0.0);
    const double all = std::accumulate(weights.begin(), weights.end(), 0.0);
    return {.value = middle(values),
            .interval = {values[left_out - 1], values[values.size() - left_out]},
            .coverage_permille = static_cast<std::uint32_t>(std::floor((all - tail - tail) * 1000 / all))};
}

Effect effect_of(const TwoSides& sides) {
    std::vector<std::int64_t> ratios;
    for (const std::int64_t current : sides.current)
        for (const std::int64_t baseline : sides.baseline) {
            const double ratio = static_cast<double>(std::max<std::int64_t>(current, 1)) * 1e4 /
                                 static_cast<double>(std::max<std::int64_t>(baseline, 1));
            ratios.push_back(std::llround(std::min(ratio, 1e15)) - 10'000);
        }
    if (ratios.empty())
        return {};
    std::sort(ratios.begin(), ratios.end());
    Effect effect{.value = middle(ratios), .interval = {}};
    // The interval leaves out as many ratios on each side as the null distribution of U has improbable values.
    if (const std::size_t left_out = outside(orders_by_pairs(sides.current.size(), sides.baseline.size()));
        left_out > 0)
        effect.interval = {ratios[left_out - 1], ratios[ratios.size() - left_out]};
    return effect;
}

} // namespace rcuscope
