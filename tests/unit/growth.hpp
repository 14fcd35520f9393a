// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <algorithm>
#include <cstddef>
#include <ctime>

namespace rcuscope::test {

// Of this thread alone, whatever else the machine does.
inline double cpu_seconds() {
    timespec now{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

// How many times as long `run(size)` takes for eight times the size: about 8 where time grows as the size does, 64
// where it grows with its square. The shortest of several tries.
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
