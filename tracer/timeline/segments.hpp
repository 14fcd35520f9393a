// SPDX-License-Identifier: BSD-2-Clause
//
// The segmented callback list of one CPU, as far as it can be known from
// outside: which gp_seq each callback waits for.
#pragma once

#include <algorithm>
#include <cstdint>
#include <iterator>
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
        waiting_.push_back(at);
        return first_waiting_ + waiting_.size() - 1;
    }

    // Those without a value, and those with a later one, now wait for `gp_seq`; but not
    // those queued at `bypass` or later, which are not on the list yet.
    void assign(std::uint64_t gp_seq, MaybeTime bypass) {
        const auto end = bypass ? std::lower_bound(waiting_.begin(), waiting_.end(), *bypass) : waiting_.end();
        const std::uint64_t next =
            std::max(first_waiting_ + static_cast<std::uint64_t>(end - waiting_.begin()), assigned_end_);
        std::uint64_t first = assigned_end_;
        while (!runs_.empty() && runs_.back().gp_seq && seq_later(*runs_.back().gp_seq, gp_seq)) {
            first = runs_.back().first;
            runs_.pop_back();
        }
        set(first, next, gp_seq);
    }

    // An assignment may have been lost: the next one says nothing of those that are without a value now.
    void lose() { set(assigned_end_, first_waiting_ + waiting_.size(), std::nullopt); }

    // The list is run in its order: those before it have been invoked, too.
    void invoked(std::uint64_t number) { invoked_end_ = std::max(invoked_end_, number + 1); }
    bool was_run_past(std::uint64_t number) const { return number < invoked_end_; }

    std::optional<std::uint64_t> assigned(std::uint64_t number) const {
        // Mostly they are invoked in their order: then it is the run of the one before.
        if (number >= last_.first && number < last_until_) {
            return last_.gp_seq;
        }
        return number < assigned_end_ ? find(number) : std::nullopt;
    }

private:
    struct Run {
        std::uint64_t first = 0;
        std::optional<std::uint64_t> gp_seq; // none: it is not known
    };

    // `next`: behind the last one that has a value then.
    void set(std::uint64_t first, std::uint64_t next, std::optional<std::uint64_t> gp_seq) {
        if (first < next && (runs_.empty() || runs_.back().gp_seq != gp_seq)) {
            runs_.push_back({first, gp_seq});
        }
        assigned_end_ = next;
        last_until_ = 0;
        forget_assigned();
    }

    std::optional<std::uint64_t> find(std::uint64_t number) const {
        const auto after = std::upper_bound(runs_.begin(), runs_.end(), number,
                                            [](std::uint64_t n, const Run& run) { return n < run.first; });
        last_ = *std::prev(after); // the first run begins with number 0
        last_until_ = after == runs_.end() ? assigned_end_ : after->first;
        return last_.gp_seq;
    }

    // Their times are not asked for any more. Each is moved once at most for each that is forgotten.
    void forget_assigned() {
        const std::uint64_t over = assigned_end_ - first_waiting_;
        const std::uint64_t left = waiting_.size() - over;
        if (over < left) {
            return;
        }
        const auto first = waiting_.begin() + static_cast<std::ptrdiff_t>(over);
        std::copy(first, waiting_.end(), waiting_.begin());
        waiting_.resize(left);
        first_waiting_ = assigned_end_;
    }

    LongList<Nanoseconds> waiting_;   // when they were queued, of those without a value and perhaps some before
    std::uint64_t first_waiting_ = 0; // number of the first of these
    std::uint64_t assigned_end_ = 0;
    std::uint64_t invoked_end_ = 0; // number behind the last one that was seen to be invoked
    LongList<Run> runs_;
    mutable Run last_{};                   // in which one was found last
    mutable std::uint64_t last_until_ = 0; // where it ends; 0: it may have changed
};

} // namespace rcuscope
