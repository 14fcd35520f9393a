// SPDX-License-Identifier: BSD-2-Clause
//
// Finds the hazard callback-flood: more callbacks of one function are pending than a limit.
#pragma once

#include <cstdint>
#include <vector>

#include "analysis/callback_numbers.hpp"
#include "analysis/hazards.hpp"
#include "timeline/model.hpp"

namespace rcuscope {

// The limit plus the number of skipped runs of the invocation probe. A callback whose invocation was skipped seems
// pending, so only a backlog above this value surely exceeds the limit.
std::uint64_t flood_from(const CaptureSummary& capture, std::uint64_t limit);

// One hazard for each function, at the time at which its backlog first exceeded the limit. Hazard::callbacks is empty:
// the hazard concerns all callbacks queued around that time. `callbacks` must have been counted with flood_from().
std::vector<Hazard> flood_hazards(const Timeline& timeline, const CallbackNumbers& callbacks, std::uint64_t limit);

} // namespace rcuscope
