// SPDX-License-Identifier: BSD-2-Clause
//
// Spans that a task has open: their ends were not seen yet. Spans nest, so each kind is a stack of indices into a list
// of the timeline.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

namespace rcuscope {

using SpanStack = std::vector<std::size_t>;

// A task cannot be in more read-side sections than lockdep allows (MAX_LOCK_DEPTH), and its stack is too small for many
// calls. If more seem open, the ends of the oldest were missed.
inline constexpr std::size_t max_open = 48;

inline void open_newest(SpanStack& open, std::size_t span) {
    if (open.size() == max_open)
        open.erase(open.begin());
    open.push_back(span);
}

// Pops the newest span for which `matches` holds. Spans opened after it have ended too, at an unknown time: their ends
// were missed.
template <typename Matches>
std::optional<std::size_t> close_newest(SpanStack& open, Matches matches) {
    for (std::size_t i = open.size(); i-- > 0;) {
        if (matches(open[i])) {
            const std::size_t span = open[i];
            open.resize(i);
            return span;
        }
    }
    return std::nullopt;
}

} // namespace rcuscope
