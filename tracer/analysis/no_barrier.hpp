// SPDX-License-Identifier: BSD-2-Clause
//
// Hazard no-barrier: a module went, and nothing was seen to wait for its callbacks, all of which had run
// nevertheless. hazards.hpp says what it is.
#pragma once

#include <string>
#include <vector>

#include "analysis/lives.hpp"
#include "timeline/model.hpp"

namespace rcuscope {

inline constexpr const char* no_barrier = "no-barrier";

// How the module may wait for its callbacks, by its .ko, though it was not seen to: a clause. Empty: it was seen to, or
// there is no such way.
std::string may_wait_unseen(const JudgedLife& judged, const Timeline& timeline);

// At most one.
std::vector<Hazard> no_barrier_hazards(const JudgedLife& judged, const Timeline& timeline);

} // namespace rcuscope
