// SPDX-License-Identifier: BSD-2-Clause
//
// Finds the hazard callback-in-init-text: a callback's function is in init code, which the kernel frees after the init
// function has returned. hazards.hpp defines the severities.
#pragma once

#include <vector>

#include "analysis/hazards.hpp"
#include "analysis/lives.hpp"
#include "timeline/model.hpp"

namespace rcuscope {

inline constexpr const char* callback_in_init_text = "callback-in-init-text";

// At most one hazard, for all such callbacks of the life.
std::vector<Hazard> init_text_hazards(const JudgedLife& judged, const Timeline& timeline);

} // namespace rcuscope
