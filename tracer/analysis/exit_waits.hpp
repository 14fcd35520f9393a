// SPDX-License-Identifier: BSD-2-Clause
#pragma once

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

// `waits` by begin, as in the timeline.
ExitWaits waits_in_exit(const ModuleLife& life, const LongList<Wait>& waits);

} // namespace rcuscope
