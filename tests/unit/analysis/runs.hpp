// SPDX-License-Identifier: BSD-2-Clause
//
// Synthetic runs, for the tests of comparisons.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numbers>
#include <random>
#include <string>
#include <vector>

#include "analysis/compare.hpp"

namespace rcuscope::test {

inline RunDigest empty_run(const std::string& name) {
    RunDigest run;
    run.name = name;
    run.digest.complete = true;
    run.digest.recorded = 5'000'000'000;
    run.digest.host = {.kernel = "6.1.0-test", .machine = "x86_64", .cpus = 2, .hz = 250, .preempt_rcu = true};
    for (const DigestName& durations : digest_durations)
        run.digest.durations[std::string(durations.name)];
    for (const DigestName& count : digest_counts)
        run.digest.counts[std::string(count.name)] = 0;
    return run;
}

// The distribution of durations. A random factor makes each run slower or faster as a whole. Within a run durations
// are lognormal, and one in `tail` has a heavier tail.
struct Load {
    double median_ms = 8;
    double within = 0.3;   // standard deviation of the logarithm
    double between = 0.05; // the same, between runs
    std::size_t events = 600;
    std::size_t tail = 0;
    std::vector<std::string> names = {"gp"}; // independent of each other
};

class Chance {
public:
    explicit Chance(std::uint64_t seed) : random_(seed) {}

    // Not the standard library's distributions: those differ between implementations.
    double uniform() { return (static_cast<double>(random_() >> 11) + 0.5) * 0x1p-53; }
    double normal() { return std::sqrt(-2 * std::log(uniform())) * std::cos(2 * std::numbers::pi * uniform()); }

    RunDigest run(const Load& load) {
        RunDigest run = empty_run("run-" + std::to_string(++runs_));
        for (const std::string& name : load.names) {
            const double median = load.median_ms * 1e6 * std::exp(load.between * normal());
            for (std::size_t event = 0; event < load.events; ++event) {
                double duration = median * std::exp(load.within * normal());
                if (load.tail && event % load.tail == 0)
                    duration *= std::min(1 / uniform(), 100.0); // Pareto distribution
                run.digest.durations[name].add(static_cast<Nanoseconds>(duration));
            }
        }
        return run;
    }
    std::vector<RunDigest> runs(const Load& load, std::size_t count) {
        std::vector<RunDigest> runs;
        for (std::size_t i = 0; i < count; ++i)
            runs.push_back(run(load));
        return runs;
    }

private:
    std::mt19937_64 random_;
    std::size_t runs_ = 0;
};

} // namespace rcuscope::test
