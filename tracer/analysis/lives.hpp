// SPDX-License-Identifier: BSD-2-Clause
//
// What the callbacks into a module had done when it went: the ground on which
// hazards of its going and its verdict both stand.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
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
    ExitWaits waits; // of its exit function

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
        const std::uint32_t module = callback.function->module.id();
        if (module < by_name_.size() && by_name_[module] != nullptr) {
            judge(callback, *by_name_[module]);
        }
    }

    // By the module's name.
    std::map<std::string, Lives> lives() &&;

private:
    void judge(const Callback& callback, Lives& lives) const;

    const Timeline& timeline_;
    const LossIndex& losses_;
    std::map<std::string, Lives> modules_;
    std::vector<Lives*> by_name_; // by the name's id
};

} // namespace rcuscope
