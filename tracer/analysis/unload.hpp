// SPDX-License-Identifier: BSD-2-Clause
//
// Finds the hazards of unloading a module: freed-with-pending-callbacks, exit-without-barrier and
// init-failed-with-pending-callbacks. hazards.hpp defines them.
#pragma once

#include <string>
#include <vector>

#include "analysis/hazards.hpp"
#include "analysis/lives.hpp"
#include "timeline/model.hpp"

namespace rcuscope {

inline constexpr const char* freed_with_pending = "freed-with-pending-callbacks";
inline constexpr const char* without_barrier = "exit-without-barrier";

// The remedy, as the end of a sentence: where to call rcu_barrier().
std::string call_barrier(const JudgedLife& judged);
// The same for a module whose last wait was synchronize_rcu*().
std::string synchronize_is_not_enough(const JudgedLife& judged);

// The hazard's kind: `of_exit`, or init-failed-with-pending-callbacks if the init function failed.
const char* unload_hazard_kind(const JudgedLife& judged, const char* of_exit);

// At most two: one hazard that is certain, and one for the callbacks of which it is not known whether they ran in time.
std::vector<Hazard> unload_hazards(const JudgedLife& judged, const Timeline& timeline);

} // namespace rcuscope
