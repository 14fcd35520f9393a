// SPDX-License-Identifier: BSD-2-Clause
//
// The hazard callback-flood: hazards.hpp says what it is.
#pragma once

#include <cstdint>
#include <vector>

#include "timeline/model.hpp"

namespace rcuscope {

// One for each function, at the time when its callbacks were first too many. Its
// list of callbacks is empty: they are all that were queued about then.
std::vector<Hazard> flood_hazards(const Timeline& timeline, std::uint64_t limit);

} // namespace rcuscope
