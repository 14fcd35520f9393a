// SPDX-License-Identifier: BSD-2-Clause
//
// Finds the calls of rcu_barrier() and synchronize_rcu*() that a module's exit function made. A wait is one such call
// in Timeline::waits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "base/seeded_hash.hpp"
#include "timeline/model.hpp"

namespace rcuscope {

// The waits of a module's exit function: those that began and ended while it ran, of the task that ran it or of the
// module's own code in another task. All members keep their defaults if it is not known when the function ran.
struct ExitWaits {
    std::uint64_t in_barrier = 0;     // nanoseconds, the sum
    std::uint64_t in_synchronize = 0; // nanoseconds, the sum
    MaybeTime last_barrier;           // its begin: rcu_barrier() waits for callbacks that were queued before
    bool synchronize_last = false;    // the last wait is a synchronize_rcu*(), not an rcu_barrier()
    event::WaitKind synchronize = event::WaitKind::synchronize_rcu; // the kind of the last synchronize_rcu*()
};

// An index of a timeline's waits by module and by task.
class ExitWaitIndex {
public:
    // Other tasks may wait at the same time. A wait belongs to the exit function if its task runs the exit function, if
    // its caller is in the module, or, where that task is not known, if its caller has no name. The index examines at
    // most this many waits of each of these groups for one exit function.
    static constexpr std::size_t max_in_exit = 4096;

    explicit ExitWaitIndex(const Timeline& timeline); // the timeline must outlive the index

    ExitWaits of(const ModuleLife& life) const;

    // The last rcu_barrier() that began and ended between `from` and `to`, called by the module's own code or by the
    // task of its exit function.
    const Wait* last_barrier(const ModuleLife& life, Nanoseconds from, Nanoseconds to) const;

    // The first `most` waits of a task that began between `from` and `to`.
    std::vector<const Wait*> of_task(std::uint32_t tid, Nanoseconds from, Nanoseconds to,
                                     std::size_t limit = max_in_exit) const;

private:
    using Places = SpillVector<std::uint32_t>; // indexes into Timeline::waits, ascending

    // The first `most` of these waits that began between `from` and `to`.
    std::vector<std::uint32_t> within(const Places& places, Nanoseconds from, Nanoseconds to, std::size_t limit) const;
    const Places* of_module(const ModuleLife& life) const;

    const SpillVector<Wait>& waits_;
    std::vector<Places> of_module_;                                 // by PooledString::id() of the module's name
    Places unnamed_;                                                // whose caller has no name
    std::unordered_map<std::uint32_t, Places, SeededHash> of_task_; // only tasks in ModuleLife::going_tid
};

} // namespace rcuscope
