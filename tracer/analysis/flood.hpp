// SPDX-License-Identifier: BSD-2-Clause
//
// The hazard callback-flood: hazards.hpp says what it is.
#pragma once

#include <cstdint>
#include <vector>

#include "analysis/callback_numbers.hpp"
#include "timeline/model.hpp"

namespace rcuscope {

// More than so many callbacks of one function that seem pending are more than the limit: others may have been invoked
// unseen.
std::uint64_t flood_from(const CaptureSummary& capture, std::uint64_t limit);

// Whether there can be any: else it is not known what was invoked, or there were never so many.
bool may_flood(const Timeline& timeline, std::uint64_t limit);

// One for each function, at the time when its callbacks were first too many. Its list of callbacks is empty: they are
// all that were queued about then. `callbacks` were counted with flood_from().
std::vector<Hazard> flood_hazards(const Timeline& timeline, const CallbackNumbers& callbacks, std::uint64_t limit);

} // namespace rcuscope
