// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <cstdint>
#include <vector>

#include "timeline/ends.hpp"
#include "timeline/model.hpp"

namespace rcuscope {

// Goes through the steps by which callbacks become pending and cease to be, in the order of time; of equal times the
// end comes first, so that no more seem pending than were. It remembers those only that are pending.
//
// One whose invocation may have been lost is pending until the first loss that ends after it was queued: past it,
// nothing says that it still was.
class PendingSteps {
public:
    explicit PendingSteps(const std::vector<Loss>& losses);

    // Until when one was pending; nothing: to the end.
    MaybeTime end_of(Nanoseconds queued, MaybeTime invoked, CallbackState state) const {
        return invoked || state != CallbackState::unknown ? invoked : first_loss_since(queued);
    }

    // For callbacks by their queueing. `step` is called as step(group, at, change): +1 for this one, before it -1 for
    // each that was over by then, with the group that it was given.
    template <typename Step>
    void take(const Callback& callback, std::uint32_t group, Step step) {
        take(callback.queued, end_of(callback.queued, callback.invoked, callback.state),
             callback.invoked_cpu.value_or(callback.queued_cpu), group, step);
    }
    // `end`: as end_of() has it. `cpu`: where it was invoked.
    template <typename Step>
    void take(Nanoseconds queued, MaybeTime end, std::uint32_t cpu, std::uint32_t group, Step step) {
        until(queued, step);
        if (end && *end <= queued) {
            step(group, queued, 0);
            return;
        }
        step(group, queued, 1);
        if (end) {
            ends_.add(cpu, *end, group);
        }
    }

    // The ends of those that are left, up to a time.
    template <typename Step>
    void until(Nanoseconds at, Step step) {
        for (Ends<std::uint32_t>::End end; ends_.take_until(at, end);) {
            step(end.second, end.first, -1);
        }
    }

private:
    MaybeTime first_loss_since(Nanoseconds queued) const;

    std::vector<Nanoseconds> loss_ends_; // rising
    Ends<std::uint32_t> ends_;           // with the group
};

} // namespace rcuscope
