// SPDX-License-Identifier: BSD-2-Clause
//
// Tests Ends, a min-heap with a FIFO per CPU.
#include "timeline/end_queue.hpp"

#include <gtest/gtest.h>
#include <limits>
#include <random>
#include <set>
#include <vector>

namespace rcuscope::test {
namespace {

// The order is that of a single heap, for any order of adding and any number of CPUs.
TEST(EndQueue, ComeInTheOrderOfTime) {
    std::mt19937 generator(3);
    const auto random = [&](std::uint32_t below) { return static_cast<std::uint32_t>(generator() % below); };
    for (const std::uint32_t cpus : {1U, 2U, 5U, 64U}) {
        EndQueue<int> ends;
        std::multiset<Nanoseconds> left;
        std::vector<Nanoseconds> last(cpus, 0);
        for (int i = 0; i < 5000; ++i) {
            const std::uint32_t cpu = random(cpus);
            last[cpu] += random(100);
            const Nanoseconds late = random(20) == 0 ? random(1000) : 0; // out of order on its CPU
            ends.add(cpu, last[cpu] - late, i);
            left.insert(last[cpu] - late);
            const Nanoseconds until = last[random(cpus)] - 500;
            for (EndQueue<int>::End end; ends.take_until(until, end);) {
                ASSERT_EQ(end.first, *left.begin());
                ASSERT_LE(end.first, until);
                left.erase(left.begin());
            }
            ASSERT_TRUE(left.empty() || *left.begin() > until);
        }
    }
}

TEST(EndQueue, AtTheEndOfTime) {
    EndQueue<int> ends;
    ends.add(0, std::numeric_limits<Nanoseconds>::max(), 1);
    EndQueue<int>::End end;
    EXPECT_FALSE(ends.take_until(5, end));
    EXPECT_TRUE(ends.take_until(std::numeric_limits<Nanoseconds>::max(), end));
    EXPECT_FALSE(ends.take_until(std::numeric_limits<Nanoseconds>::max(), end));
}

} // namespace
} // namespace rcuscope::test
