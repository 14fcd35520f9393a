// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "base/seeded_hash.hpp"
#include "timeline/model.hpp"

namespace rcuscope {

// What a module's exit function waited for: the waits that lie within it, of the task that ran it or of the module's
// own code on another. All 0 and nothing if it is not known when it ran.
struct ExitWaits {
    std::uint64_t in_barrier = 0; // nanoseconds, in all
    std::uint64_t in_synchronize = 0;
    MaybeTime last_barrier;        // when it began: it waits for what was queued before
    bool synchronize_last = false; // no rcu_barrier() came after the last of synchronize_rcu*()
    event::WaitKind synchronize = event::WaitKind::synchronize_rcu; // which that was
};

// The waits of a timeline, found by the module that waited.
class ExitWaitIndex {
public:
    // Others may wait at the same time: a wait is the exit function's if its task is the one that runs it, if its
    // caller is the module's, or, where that task is not known, if its caller has no name. Of one exit function no more
    // than this many of each are looked at.
    static constexpr std::size_t most_in_exit = 4096;

    explicit ExitWaitIndex(const Timeline& timeline); // which must outlive it

    ExitWaits of(const ModuleLife& life) const;

    // The last rcu_barrier() of the module's own code, or of its exit function's task, that began and ended in
    // between.
    const Wait* last_barrier(const ModuleLife& life, Nanoseconds from, Nanoseconds to) const;

    // The waits of a task that began in between, no more than so many.
    std::vector<const Wait*> of_task(std::uint32_t tid, Nanoseconds from, Nanoseconds to,
                                     std::size_t most = most_in_exit) const;

private:
    using Places = LongList<std::uint32_t>; // of waits, rising

    // The places of those that began in between, no more than so many.
    std::vector<std::uint32_t> within(const Places& places, Nanoseconds from, Nanoseconds to, std::size_t most) const;
    const Places* of_module(const ModuleLife& life) const;

    const LongList<Wait>& waits_;
    std::vector<Places> of_module_; // by the name's id
    Places unnamed_;
    std::unordered_map<std::uint32_t, Places, SeededHash> of_task_; // only of those on which a module went
};

} // namespace rcuscope
