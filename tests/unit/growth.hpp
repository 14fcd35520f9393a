// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>

namespace rcuscope::test {

// How many times as long `run(size)` takes for eight times the size: about 8 where time grows as the size does, 64
// where it grows with its square. The shortest of several tries, for others use the machine too.
template <typename Run>
double growth(std::size_t size, Run run) {
    const auto shortest = [&](std::size_t of) {
        using Clock = std::chrono::steady_clock;
        Clock::duration least = Clock::duration::max();
        for (int attempt = 0; attempt < 3; ++attempt) {
            const auto begin = Clock::now();
            run(of);
            least = std::min(least, Clock::now() - begin);
        }
        return std::chrono::duration<double>(least).count();
    };
    const double small = shortest(size);
    return shortest(8 * size) / small;
}

inline constexpr double far_from_linear = 30;

} // namespace rcuscope::test
