// SPDX-License-Identifier: BSD-2-Clause
//
// The verdict on a module's life: one sentence for the user.
#pragma once

#include <string>
#include <vector>

#include "analysis/hazards.hpp"
#include "analysis/lives.hpp"
#include "timeline/model.hpp"

namespace rcuscope {

// Returns LifeVerdict::text. It claims only what is known. `see`: hazards of that life that the sentence
// must name because no other part of it does.
std::string verdict_of(const JudgedLife& judged, const Timeline& timeline, const std::vector<Hazard>& see);

} // namespace rcuscope
