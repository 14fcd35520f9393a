// SPDX-License-Identifier: BSD-2-Clause
//
// Finds the hazard no-barrier: a module was unloaded without a wait for its callbacks, although all of them had run.
// hazards.hpp defines the severities.
#pragma once

#include <string>
#include <vector>

#include "analysis/hazards.hpp"
#include "analysis/lives.hpp"
#include "timeline/model.hpp"

namespace rcuscope {

inline constexpr const char* no_barrier = "no-barrier";

// A clause that says how the module may wait for its callbacks, as its .ko shows, although no wait was seen. Empty if a
// wait was seen or if the .ko shows no such way.
std::string may_wait_unseen(const JudgedLife& judged, const Timeline& timeline);

// At most one hazard.
std::vector<Hazard> no_barrier_hazards(const JudgedLife& judged, const Timeline& timeline);

} // namespace rcuscope
