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

// A file may hold any time. Those of the model lie within a century and a half of the start, so that whatever is
// between two of them can be reckoned with.
inline constexpr Nanoseconds farthest_time = (Nanoseconds{1} << 62) - 1;

// Negative for what was before the start. The later of two times is never the earlier one here.
inline Nanoseconds relative_time(std::uint64_t ns, std::uint64_t start_ns) {
    constexpr auto most = static_cast<std::uint64_t>(farthest_time);
    return ns < start_ns ? -static_cast<Nanoseconds>(std::min(start_ns - ns, most))
                         : static_cast<Nanoseconds>(std::min(ns - start_ns, most));
}

inline Nanoseconds elapsed(Nanoseconds from, Nanoseconds to) {
    return to - from;
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

template <typename Row, typename Key>
void sort_by_time(LongList<Row>& rows, Key key) {
    rows.sort([&key](const Row& a, const Row& b) { return key(a) < key(b); });
}

} // namespace rcuscope
