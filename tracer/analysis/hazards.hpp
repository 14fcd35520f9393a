// SPDX-License-Identifier: BSD-2-Clause
//
// Hazards: wrong uses of RCU by a module, and wrong uses that had no effect this time. analysis.hpp finds them; this
// file defines their kinds and severities.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "timeline/model.hpp"

namespace rcuscope {

// Above these limits a condition that is not an error becomes a warning.
struct HazardLimits {
    Nanoseconds long_reader = 1'000'000'000;
    // RCU's own limit (qhimark). Above it RCU drops its batch limit and forces quiescent states.
    std::uint64_t callback_flood = 10'000;
};

// A bug, or a near miss, in the use of RCU by a module that was followed, loaded or unloaded in the recording. It
// ignores the callbacks of the kernel proper and of other modules. Kinds, and what each severity means:
//
//   freed-with-pending-callbacks        A module's memory was freed while callbacks into it were queued.
//     fatal    The callbacks had not run when the memory was freed, or the recording breaks off during the free.
//     warning  It is not known whether they ran in time.
//   exit-without-barrier                The exit function did not wait for the module's callbacks.
//     latent   They ran after it returned and before the memory was freed, or the recording ended in order during
//              the free.
//   no-barrier                          The callbacks ran before the exit function returned, but neither an
//                                       rcu_barrier() nor another wait for the last of them was seen.
//     latent   The last wait of the exit function was synchronize_rcu*().
//     warning  It was not.
//   callback-in-init-text               The callbacks' functions are in init code, which is freed after the init
//                                       function returns. The init function did not wait for them.
//     latent   They ran before the code was freed, or it is not known whether they did.
//     fatal    They had not run by then.
//   init-failed-with-pending-callbacks  freed-with-pending-callbacks or exit-without-barrier of a module whose init
//     fatal, latent, warning            function failed.
//   double-call-rcu
//     fatal    A head was queued while it was pending.
//   cache-destroyed-with-pending-frees  A followed module called kmem_cache_destroy() while RCU had to free objects of
//                                       the cache.
//     fatal    Objects were given to kfree_rcu() or call_rcu(); the kernel did not destroy the cache.
//     latent   Objects were given to call_rcu(); their callbacks were done before the kernel looked for objects.
//   reader-never-ended
//     fatal    A read-side section stayed open: its task ended or ran in user mode within it, or an interrupt over an
//              idle task left it open.
//   blocked-in-reader
//     warning  A voluntary context switch within a read-side section.
//   long-reader
//     warning  A section longer than the limit.
//   callback-flood
//     warning  More callbacks of one function were pending than the limit. The hazard lists no callbacks.
//
// One hazard covers all callbacks of a life, all heads queued by one pair of locations (double-call-rcu), or all
// sections of one function.
struct Hazard {
    std::string kind;     // "freed-with-pending-callbacks"
    std::string severity; // "fatal", "latent", "warning"
    std::string module;
    Nanoseconds at = 0;
    std::vector<std::uint32_t> callbacks;     // ids of those involved
    std::vector<std::size_t> read_sections{}; // indices in Timeline::read_sections of those involved
    std::string text;                         // one sentence, with the remedy
    std::optional<std::size_t> life{};        // index in Timeline::modules of the life that it is about, if known
    // Unloading: from the return of the exit function, or of the failing init function, to the end of the last callback
    // in `callbacks`. None: other hazards.
    MaybeTime from{};
    MaybeTime to{};
};

} // namespace rcuscope
