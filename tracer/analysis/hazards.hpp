// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <cstdint>

#include "analysis/callback_numbers.hpp"
#include "timeline/model.hpp"

namespace rcuscope {

// From where on something that is no error is worth a warning.
struct HazardLimits {
    Nanoseconds long_reader = 1'000'000'000;
    // RCU's own limit (qhimark), above which it drops its batch limit and hurries.
    std::uint64_t callback_flood = 10'000;
};

// Fills Timeline::hazards, by time: what went wrong, or nearly so, in the
// followed modules' use of RCU; and ModuleLife::verdict. Kinds:
//
// Of callbacks of the kernel proper, and of modules that neither were followed
// nor came or went in the recording, nothing is said.
//
//   freed-with-pending-callbacks        A module's memory went while callbacks into it were queued.
//     fatal    they had not run when it was gone, or the recording breaks off while it goes
//     warning  it is not known whether they ran in time
//   exit-without-barrier                Nothing waited for the callbacks: they ran after the exit function
//     latent   had returned and before the memory went, or the recording ended in order while the memory went
//   no-barrier                          They ran before the exit function returned, and neither was rcu_barrier()
//     latent   called nor was it seen to wait for them otherwise, though it waited with synchronize_rcu()
//     warning  the same, without synchronize_rcu()
//   callback-in-init-text               Callbacks' functions are in code that is freed when the init function has
//     latent   returned, which did not wait for them: they ran before that
//     fatal    they had not run by then
//   init-failed-with-pending-callbacks  The same for a module whose init function failed
//     fatal, latent, warning
//   double-call-rcu      fatal    A head was queued while it was pending
//   cache-destroyed-with-pending-frees  kmem_cache_destroy() of a followed module, while objects of the cache were
//     fatal    with kfree_rcu() or call_rcu(): the kernel did not destroy it
//     latent   with call_rcu(), and their callbacks were done before the kernel looked for objects
//   reader-never-ended   fatal    A read-side section was left open: its task ended, or ran in user mode or idle, in it
//   blocked-in-reader    warning  A voluntary context switch within a read-side section
//   long-reader          warning  A section longer than the limit
//   callback-flood       warning  More callbacks of one function pending than the limit; lists none of them
//
// One hazard stands for all callbacks of a life, for all pairs of one pair of
// places (double-call-rcu), for all sections of one function.
void find_hazards(Timeline& timeline, const HazardLimits& limits);

// The same where callbacks were counted, with flood_from() (flood.hpp): all of them, and some may not be in the
// timeline any more.
void find_hazards(Timeline& timeline, const HazardLimits& limits, const CallbackNumbers& callbacks);

} // namespace rcuscope
