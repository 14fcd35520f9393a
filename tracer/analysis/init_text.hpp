// SPDX-License-Identifier: BSD-2-Clause
//
// Hazard callback-in-init-text: hazards.hpp says what it is.
#pragma once

#include <vector>

#include "analysis/lives.hpp"
#include "timeline/model.hpp"

namespace rcuscope {

inline constexpr const char* callback_in_init_text = "callback-in-init-text";

// At most one.
std::vector<Hazard> init_text_hazards(const JudgedLife& judged, const Timeline& timeline);

} // namespace rcuscope
