// SPDX-License-Identifier: BSD-2-Clause
//
// The segmented callback list of one CPU (the kernel's rcu_segcblist), as far as records show it: what each callback
// waits for.
#pragma once

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <optional>

#include "base/spill_vector.hpp"
#include "capture/event.hpp"
#include "timeline/grace_periods.hpp"

namespace rcuscope {

// The end of a normal grace period, or also that of an expedited one: whichever comes first.
struct AwaitedEnd {
    std::uint64_t gp_seq = 0;
    std::optional<std::uint64_t> expedited; // none: no expedited one releases the callback

    bool operator==(const AwaitedEnd&) const = default;
};

// Callbacks have numbers in order of queueing. The assigned values never decrease along the list, so an assignment
// affects only a tail of it. The list is run-length encoded: the cost of an assignment does not depend on the number of
// callbacks.
class SegmentedList {
public:
    std::uint64_t queue(Nanoseconds at) {
        waiting_.push_back(at);
        return first_waiting_ + waiting_.size() - 1;
    }

    // Callbacks without a value, or with a later one, now wait for what `now` says. Those queued at `bypass` or later
    // are not on the list yet and get no value.
    void assign(const event::CbAssigned& now, MaybeTime bypass) {
        const auto end = bypass ? std::lower_bound(waiting_.begin(), waiting_.end(), *bypass) : waiting_.end();
        const std::uint64_t next =
            std::max(first_waiting_ + static_cast<std::uint64_t>(end - waiting_.begin()), assigned_end_);
        std::uint64_t first = assigned_end_;
        while (!runs_.empty() && runs_.back().awaited && replaces(now, *runs_.back().awaited)) {
            first = runs_.back().first;
            runs_.pop_back();
        }
        set(first, next,
            AwaitedEnd{.gp_seq = now.gp_seq,
                       .expedited = now.either ? std::optional(now.expedited_seq) : std::nullopt});
    }

    // An assignment may have been lost. Callbacks without a value now keep an unknown one at the next assignment.
    void lose() { set(assigned_end_, first_waiting_ + waiting_.size(), std::nullopt); }

    // The kernel invokes a list in its order, so all callbacks before this one have been invoked, too.
    void invoked(std::uint64_t number) { invoked_end_ = std::max(invoked_end_, number + 1); }
    bool was_run_past(std::uint64_t number) const { return number < invoked_end_; }

    std::optional<AwaitedEnd> assigned(std::uint64_t number) const {
        // Callbacks are mostly invoked in order, so the run of the previous lookup mostly matches.
        if (number >= last_.first && number < last_until_)
            return last_.awaited;
        return number < assigned_end_ ? find(number) : std::nullopt;
    }

private:
    struct Run {
        std::uint64_t first = 0;
        std::optional<AwaitedEnd> awaited; // none: not known
    };

    // The kernel compares only the normal sequence numbers of callbacks that wait. The ones that an expedited grace
    // period has released are on the list until they are invoked, and keep their values.
    static bool replaces(const event::CbAssigned& now, const AwaitedEnd& before) {
        if (!now.either || !before.expedited)
            return seq_later(before.gp_seq, now.gp_seq);
        return !seq_later(now.gp_seq, before.gp_seq) && !seq_later(now.reassigned_seq, *before.expedited);
    }

    // Sets the value of the callbacks in [first, next).
    void set(std::uint64_t first, std::uint64_t next, std::optional<AwaitedEnd> awaited) {
        if (first < next && (runs_.empty() || runs_.back().awaited != awaited))
            runs_.push_back({first, awaited});
        assigned_end_ = next;
        last_until_ = 0;
        forget_assigned();
    }

    std::optional<AwaitedEnd> find(std::uint64_t number) const {
        const auto after = std::upper_bound(runs_.begin(), runs_.end(), number,
                                            [](std::uint64_t n, const Run& run) { return n < run.first; });
        last_ = *std::prev(after); // the first run begins with number 0
        last_until_ = after == runs_.end() ? assigned_end_ : after->first;
        return last_.awaited;
    }

    // Drops queueing times that are not needed any more. It waits until they are half of all, so that a drop moves no
    // more entries than it removes.
    void forget_assigned() {
        const std::uint64_t over = assigned_end_ - first_waiting_;
        const std::uint64_t left = waiting_.size() - over;
        if (over < left)
            return;
        const auto first = waiting_.begin() + static_cast<std::ptrdiff_t>(over);
        std::copy(first, waiting_.end(), waiting_.begin());
        waiting_.resize(left);
        first_waiting_ = assigned_end_;
    }

    SpillVector<Nanoseconds> waiting_; // queueing times of callbacks without a value, and perhaps of some before them
    std::uint64_t first_waiting_ = 0;  // number of the first entry of waiting_
    std::uint64_t assigned_end_ = 0;
    std::uint64_t invoked_end_ = 0; // one more than the highest invoked number
    SpillVector<Run> runs_;
    mutable Run last_{};                   // run of the last lookup
    mutable std::uint64_t last_until_ = 0; // end of that run; 0: not valid
};

} // namespace rcuscope
