// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "timeline/model.hpp"

namespace rcuscope {

// What a module's exit function waited for: the waits of the module's own code
// that lie within it. All 0 and nothing if it is not known when it ran.
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
    // Others may wait at the same time, and synchronize_rcu() may itself call the expedited one: a wait is the exit
    // function's if its caller is the module's, or has no name. Of one exit function no more than this many of either
    // are looked at.
    static constexpr std::size_t most_in_exit = 4096;

    explicit ExitWaitIndex(const LongList<Wait>& waits); // by begin; they must outlive it

    ExitWaits of(const ModuleLife& life) const;

private:
    using Places = LongList<std::uint32_t>; // of waits, rising

    // The places of those that began within the exit function.
    std::vector<std::uint32_t> within(const Places& places, const ModuleLife& life) const;

    const LongList<Wait>& waits_;
    std::vector<Places> of_module_; // by the name's id
    Places unnamed_;
};

} // namespace rcuscope
