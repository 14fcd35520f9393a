// SPDX-License-Identifier: BSD-2-Clause
//
// The number of pending callbacks over time, as steps: +1 when one is queued, -1 when it is invoked, in order of time.
// At equal times ends come first, so the number is never too high. Only pending callbacks use memory. A callback whose
// invocation may have been lost counts until the first loss that ends after it was queued: after that loss, no record
// says that it was still pending.
#pragma once

#include <cstdint>
#include <vector>

#include "timeline/end_queue.hpp"
#include "timeline/model.hpp"

namespace rcuscope {

class PendingCounter {
public:
    explicit PendingCounter(const std::vector<Loss>& losses);

    // The time until which a callback was pending; nothing: to the end.
    MaybeTime end_of(Nanoseconds queued, MaybeTime invoked, CallbackState state) const {
        return invoked || state != CallbackState::unknown ? invoked : first_loss_since(queued);
    }

    // Takes callbacks in order of queueing. Calls step(group, at, change): first -1 for each earlier callback that
    // ended by then, with its own group; then +1 for this one, or 0 if it ended when it was queued or before.
    template <typename Step>
    void take(const Callback& callback, std::uint32_t group, Step step) {
        take(callback.queued, end_of(callback.queued, callback.invoked, callback.state),
             callback.invoked_cpu.value_or(callback.queued_cpu), group, step);
    }
    // `end`: the result of end_of(). `cpu`: where it was invoked.
    template <typename Step>
    void take(Nanoseconds queued, MaybeTime end, std::uint32_t cpu, std::uint32_t group, Step step) {
        until(queued, step);
        if (end && *end <= queued) {
            step(group, queued, 0);
            return;
        }
        step(group, queued, 1);
        if (end)
            ends_.add(cpu, *end, group);
    }

    // Steps for the remaining ends up to a time.
    template <typename Step>
    void until(Nanoseconds at, Step step) {
        for (EndQueue<std::uint32_t>::End end; ends_.take_until(at, end);)
            step(end.second, end.first, -1);
    }

private:
    MaybeTime first_loss_since(Nanoseconds queued) const;

    std::vector<Nanoseconds> loss_ends_; // ascending
    EndQueue<std::uint32_t> ends_;       // each with its group
};

} // namespace rcuscope
