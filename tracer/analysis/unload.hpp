// SPDX-License-Identifier: BSD-2-Clause
//
// Hazards of a module's going: freed-with-pending-callbacks, exit-without-barrier
// and init-failed-with-pending-callbacks. hazards.hpp says what they are.
#pragma once

#include <string>
#include <vector>

#include "analysis/lives.hpp"
#include "timeline/model.hpp"

namespace rcuscope {

inline constexpr const char* freed_with_pending = "freed-with-pending-callbacks";
inline constexpr const char* without_barrier = "exit-without-barrier";

// What the module has to do, as the end of a sentence.
std::string call_barrier(const JudgedLife& judged);
// The same for one whose last wait was synchronize_rcu*().
std::string synchronize_is_not_enough(const JudgedLife& judged);

// What such a hazard is called for this life: a failed init has a kind of its own.
const char* unload_hazard_kind(const JudgedLife& judged, const char* of_exit);

// At most one that is certain, and one of what is not known.
std::vector<Hazard> unload_hazards(const JudgedLife& judged, const Timeline& timeline);

} // namespace rcuscope
