// SPDX-License-Identifier: BSD-2-Clause
//
// What the callbacks into a module had done when it went: the ground on which
// hazards of its going and its verdict both stand.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "analysis/callback_numbers.hpp"
#include "analysis/exit_waits.hpp"
#include "analysis/loss_index.hpp"
#include "timeline/model.hpp"

namespace rcuscope {

using Callbacks = std::vector<const Callback*>;

// One life of a module. Refers to the timeline.
struct JudgedLife {
    const ModuleLife* life = nullptr;
    std::size_t index = 0; // of it in the timeline
    Nanoseconds first_known = 0;
    MaybeTime begin;           // of its going: free_module() entered. None: it was not seen to go
    MaybeTime gone;            // its memory surely was. None: not before the recording's end
    MaybeTime exited;          // from then on nothing of its own waits for callbacks: its exit function had returned
    bool init_failed = false;  // no exit function: it goes because its init function returned an error
    bool records_lost = false; // within the life

    std::size_t queued = 0;   // callbacks, in all of the life
    std::size_t not_seen = 0; // of these to be invoked, by the recording's end
    std::size_t not_returned = 0;
    MaybeTime last_done; // of those that returned
    Callbacks late;      // had not run, or not to the end, when the memory was gone or the recording ended
    Callbacks just_ran;  // had not begun to run at `exited`, but did before that
    Callbacks unsure;    // not known
    bool unsure_by_loss = false;
    // How much later its memory went since the kernel had kprobes to remove from it; none: not known.
    std::optional<Nanoseconds> probes_delay;
    Callbacks late_without_probes; // of `just_ran`
    ExitWaits waits;               // of its exit function
    // Callbacks whose head was queued again while they were pending, so that it is no wonder that they never ran: of
    // those above none.
    std::size_t doubled = 0;

    // Of its callbacks (`queued`): the one that was queued last, and the one that ran last, if it is in the timeline.
    // From the last one's queueing on a barrier waits for all of them.
    std::optional<Queueing> newest;
    const Callback* last_run = nullptr;
    const Wait* barrier = nullptr; // the last of its own rcu_barrier() by the time at which its exit function returned
    bool waited = false;           // its exit function was seen to wait for the last callback otherwise
    bool held = false;             // its callbacks held references to the module, so that it could not go before them

    // Whose function is in its init code, whose memory goes before the rest: not among those above.
    Callbacks in_init;
    // The memory of that code surely was gone; none: it is not known.
    MaybeTime init_gone;

    // What it queued besides: callbacks with functions of others, and how many calls of kfree_rcu().
    std::map<std::string, std::size_t> with_others; // by the function
    std::size_t kvfree_calls = 0;

    // After its exit function, or its failing init function, had returned: the waits of the task on which it went,
    // where callbacks ran meanwhile. free_module() has few.
    static constexpr std::size_t most_going_waits = 64;
    std::vector<const Wait*> going_waits;

    // All had run when its exit function returned.
    bool calm() const { return late_count == 0 && just_ran_count == 0 && unsure.empty(); }

    // The numbers to tell. Where the kernel counted more than the timeline holds, its number.
    std::uint64_t late_count = 0;
    std::uint64_t just_ran_count = 0;

    Nanoseconds deadline(const CaptureSummary& capture) const { return gone.value_or(capture.end); }
};

using Lives = std::vector<JudgedLife>; // of one module, in the order of time

// Takes callbacks by their queueing.
class LifeJudge {
public:
    // Refers to the first two, and to callbacks that it takes. Those that passed were done in the first life of their
    // module before anything of its going was seen (ModuleTracker::settled()): they are only counted.
    LifeJudge(const Timeline& timeline, const LossIndex& losses, const CallbackNumbers& callbacks);

    void take(const Callback& callback) {
        if (Lives* own = of_module(callback.function->module)) {
            judge(callback, *own);
        }
        if (callback.caller->module != callback.function->module) {
            if (Lives* queued_by = of_module(callback.caller->module)) {
                count_other(callback, *queued_by);
            }
        }
    }

    // By the module's name. `doubled`: ids of callbacks whose head was queued twice.
    std::map<std::string, Lives> lives(const std::unordered_set<std::uint32_t>& doubled) &&;

private:
    Lives* of_module(SharedText module) { return module.id() < by_name_.size() ? by_name_[module.id()] : nullptr; }
    void judge(const Callback& callback, Lives& lives) const;
    static void count_other(const Callback& callback, Lives& lives);
    void count_kvfree_calls();

    const Timeline& timeline_;
    const LossIndex& losses_;
    std::map<std::string, Lives> modules_;
    std::vector<Lives*> by_name_; // by the name's id
};

} // namespace rcuscope
