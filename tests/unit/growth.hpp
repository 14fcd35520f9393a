// SPDX-License-Identifier: BSD-2-Clause
//
// Measures how the time of a function grows with the size of its input.
#pragma once

#include <algorithm>
#include <cstddef>
#include <ctime>

namespace rcuscope::test {

// CPU time of this thread, independent of the machine's load.
inline double cpu_seconds() {
    timespec now{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

// The ratio of the times of `run(8 * size)` and `run(size)`: about 8 for linear time, 64 for quadratic time. Each
// time is the shortest of several attempts.
template <typename Run>
double growth(std::size_t size, Run run) {
    const auto shortest = [&](std::size_t of) {
        double least = 0;
        for (int attempt = 0; attempt < 5; ++attempt) {
            const double begin = cpu_seconds();
            run(of);
            const double took = cpu_seconds() - begin;
            least = attempt == 0 ? took : std::min(least, took);
        }
        return least;
    };
    const double small = shortest(size);
    return shortest(8 * size) / small;
}

inline constexpr double far_from_linear = 30;

} // namespace rcuscope::test
