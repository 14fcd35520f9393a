// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "timeline/model.hpp"

namespace rcuscope {

// When and where an event happened, in the model's time.
struct Moment {
    Nanoseconds at = 0;
    std::uint32_t cpu = 0;
    std::uint32_t tid = 0;
};

// Negative for what was before the start; the subtraction wraps on purpose.
inline Nanoseconds relative_time(std::uint64_t ns, std::uint64_t start_ns) {
    return static_cast<Nanoseconds>(ns - start_ns);
}

// Times come from a file and may be anything: wraps instead of overflowing.
inline Nanoseconds elapsed(Nanoseconds from, Nanoseconds to) {
    return static_cast<Nanoseconds>(static_cast<std::uint64_t>(to) - static_cast<std::uint64_t>(from));
}

// Events come by time, so most lists are sorted as they grow; a reader that
// only nearly keeps the order does no harm.
template <typename Row, typename Key>
void sort_by_time(std::vector<Row>& rows, Key key) {
    const auto earlier = [&key](const Row& a, const Row& b) { return key(a) < key(b); };
    if (!std::is_sorted(rows.begin(), rows.end(), earlier)) {
        std::stable_sort(rows.begin(), rows.end(), earlier);
    }
}

} // namespace rcuscope
