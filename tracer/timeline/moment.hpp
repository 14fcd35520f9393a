// SPDX-License-Identifier: BSD-2-Clause
//
// Time in the model: nanoseconds since the start of the recording (model.hpp).
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "base/spill_vector.hpp"
#include "timeline/nanoseconds.hpp"

namespace rcuscope {

// Time, CPU and task of an event.
struct Moment {
    Nanoseconds at = 0;
    std::uint32_t cpu = 0;
    std::uint32_t tid = 0;
};

// A file may hold any time. The model clamps times to about 146 years around the start, so that the difference of any
// two fits into Nanoseconds.
inline constexpr Nanoseconds farthest_time = (Nanoseconds{1} << 62) - 1;

// Negative before the start. Clamping keeps the order of times.
inline Nanoseconds relative_time(std::uint64_t ns, std::uint64_t start_ns) {
    constexpr auto limit = static_cast<std::uint64_t>(farthest_time);
    return ns < start_ns ? -static_cast<Nanoseconds>(std::min(start_ns - ns, limit))
                         : static_cast<Nanoseconds>(std::min(ns - start_ns, limit));
}

inline Nanoseconds elapsed(Nanoseconds from, Nanoseconds to) {
    return to - from;
}

// Events come in order of time, so most lists are sorted already. This also corrects the order if a reader kept it only
// approximately.
template <typename Row, typename Key>
void sort_by_time(std::vector<Row>& rows, Key key) {
    const auto earlier = [&key](const Row& a, const Row& b) { return key(a) < key(b); };
    if (!std::is_sorted(rows.begin(), rows.end(), earlier))
        std::stable_sort(rows.begin(), rows.end(), earlier);
}

template <typename Row, typename Key>
void sort_by_time(SpillVector<Row>& rows, Key key) {
    rows.sort([&key](const Row& a, const Row& b) { return key(a) < key(b); });
}

} // namespace rcuscope
