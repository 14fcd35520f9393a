// SPDX-License-Identifier: BSD-2-Clause
//
// Judges the lives of modules: whether a module's callbacks had run when it was unloaded. The hazards of unloading and
// the verdicts use the result.
//
// A life is the time of a module from its load until its memory is freed. A callback belongs to the module that has
// its function.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "analysis/exit_waits.hpp"
#include "analysis/loss_index.hpp"
#include "base/seeded_hash.hpp"
#include "timeline/model.hpp"

namespace rcuscope {

using Callbacks = std::vector<const Callback*>;

// One life of a module, with its judged callbacks. Points into the timeline.
struct JudgedLife {
    const ModuleLife* life = nullptr;
    std::size_t index = 0; // of `life` in Timeline::modules
    Nanoseconds first_known = 0;
    MaybeTime begin; // free_module() was entered. None: the module was not seen to be unloaded
    MaybeTime gone;  // the memory surely was freed by then. None: not before the recording's end
    // The exit function, or the failing init function, had returned; `begin` at the latest. The module's own code
    // cannot wait for callbacks after this.
    MaybeTime exited;
    bool init_failed = false;  // the module is freed because its init function returned an error; no exit function ran
    bool records_lost = false; // records were lost within the life

    std::size_t queued = 0;       // all callbacks of the life
    std::size_t not_seen = 0;     // those without an invocation in the recording
    std::size_t not_returned = 0; // those with an invocation but no return in the recording
    MaybeTime last_done;          // the last return of a callback
    Callbacks late;               // had not run, or had not returned, when the memory was freed or the recording ended
    Callbacks just_ran;           // began to run after `exited` and returned in time
    Callbacks unsure;             // it is not known whether they ran in time
    bool unsure_by_loss = false;
    // The time that the kernel took to remove kprobes from the module, which delayed the free. None: not known.
    std::optional<Nanoseconds> probes_delay;
    Callbacks late_without_probes; // those of `just_ran` that would have been late without this delay
    ExitWaits waits;               // of its exit function
    // The number of callbacks that never ran because a head was queued again while it was pending. `late` and `unsure`
    // do not contain them.
    std::size_t doubled = 0;

    // The callback that was queued last, and the one that ran last. An rcu_barrier() that begins after the last one was
    // queued waits for all of them.
    const Callback* newest = nullptr;
    const Callback* last_run = nullptr;
    const Wait* barrier = nullptr; // the module's last rcu_barrier() that ended before the exit function returned
    bool waited = false;           // the exit function was seen to wait for the last callback in another way
    bool held = false;             // its callbacks held references to the module, so it could not be unloaded earlier

    // Callbacks whose function is in init code, which is freed earlier. The members above do not count them.
    Callbacks in_init;
    // The init code surely was freed by then. None: not known.
    MaybeTime init_gone;

    // Callbacks that the module queued with functions of other modules, and its calls of kfree_rcu().
    std::map<std::string, std::size_t> with_others; // number of callbacks by function
    std::size_t kvfree_calls = 0;

    // The waits, after the exit function or the failing init function returned, of the task that unloaded the module.
    // They tell in which wait the callbacks of `just_ran` ran. free_module() has few.
    static constexpr std::size_t max_going_waits = 64;
    std::vector<const Wait*> going_waits;

    // All callbacks had run when the exit function returned.
    bool calm() const { return late_count == 0 && just_ran_count == 0 && unsure.empty(); }

    // The numbers that texts show: the size of the list, or the kernel's own count if it is greater.
    std::uint64_t late_count = 0;
    std::uint64_t just_ran_count = 0;

    Nanoseconds deadline(const CaptureSummary& capture) const { return gone.value_or(capture.end); }
};

using Lives = std::vector<JudgedLife>; // of one module, in the order of time

// Takes callbacks in the order in which they were queued.
class LifeJudge {
public:
    // Keeps references to both arguments and to the callbacks that it takes.
    LifeJudge(const Timeline& timeline, const LossIndex& losses);

    void take(const Callback& callback) {
        if (Lives* own = of_module(callback.function->module))
            judge(callback, *own);
        if (callback.caller->module != callback.function->module) {
            if (Lives* queued_by = of_module(callback.caller->module))
                count_other(callback, *queued_by);
        }
    }

    // The lives by the module's name. `doubled`: DoubleQueues::never_ran().
    std::map<std::string, Lives> lives(const std::unordered_set<std::uint32_t>& doubled) &&;

private:
    Lives* of_module(PooledString module) { return module.id() < by_name_.size() ? by_name_[module.id()] : nullptr; }
    void judge(const Callback& callback, Lives& lives) const;
    void count_other(const Callback& callback, Lives& lives);
    void name_others();
    void count_kvfree_calls();

    const Timeline& timeline_;
    const LossIndex& losses_;
    std::map<std::string, Lives> modules_;
    std::vector<Lives*> by_name_; // by PooledString::id() of the module's name
    // Callbacks with functions of other modules. A name for each callback would cost more than all the rest.
    struct Others {
        JudgedLife* life = nullptr;
        PooledLocation function;
        std::size_t count = 0;
    };
    std::unordered_map<std::uint64_t, Others, SeededHash> others_; // by the life's index and PooledLocation::id()
};

} // namespace rcuscope
