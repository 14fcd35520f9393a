// SPDX-License-Identifier: BSD-2-Clause
//
// The segmented callback list of one CPU, as far as it can be known from
// outside: which gp_seq each callback waits for.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

#include "base/long_list.hpp"
#include "timeline/grace_periods.hpp"

namespace rcuscope {

// Callbacks are numbered as they are queued. Along the list the assigned values
// never fall, so an assignment concerns a tail of it only, and the list is kept
// as runs of equal values: assigning costs nothing for each callback.
class SegmentedList {
public:
    std::uint64_t queue(Nanoseconds at) {
        queued_.push_back(at);
        return queued_.size() - 1;
    }

    // Those without a value, and those with a later one, now wait for `gp_seq`; but not
    // those queued at `bypass` or later, which are not on the list yet.
    void assign(std::uint64_t gp_seq, MaybeTime bypass) {
        const auto end = bypass ? std::lower_bound(queued_.begin(), queued_.end(), *bypass) : queued_.end();
        const std::uint64_t next = std::max(static_cast<std::uint64_t>(end - queued_.begin()), assigned_end_);
        std::uint64_t first = assigned_end_;
        while (!runs_.empty() && seq_later(runs_.back().gp_seq, gp_seq)) {
            first = runs_.back().first;
            runs_.pop_back();
        }
        if (first < next && (runs_.empty() || runs_.back().gp_seq != gp_seq)) {
            runs_.push_back({first, gp_seq});
        }
        assigned_end_ = next;
    }

    std::optional<std::uint64_t> assigned(std::uint64_t number) const {
        if (number >= assigned_end_) {
            return std::nullopt;
        }
        const auto after = std::upper_bound(runs_.begin(), runs_.end(), number,
                                            [](std::uint64_t n, const Run& run) { return n < run.first; });
        return std::prev(after)->gp_seq; // the first run begins with number 0
    }

private:
    struct Run {
        std::uint64_t first;
        std::uint64_t gp_seq;
    };

    LongList<Nanoseconds> queued_; // when, by number
    std::uint64_t assigned_end_ = 0;
    LongList<Run> runs_;
};

} // namespace rcuscope
