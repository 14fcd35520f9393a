// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <string>
#include <vector>

#include "analysis/lives.hpp"
#include "timeline/model.hpp"

namespace rcuscope {

// A sentence on how a life went: ModuleLife::verdict. Claims no more than is known. `see`: hazards of that life to
// which nothing else in the sentence points.
std::string verdict_of(const JudgedLife& judged, const Timeline& timeline, const std::vector<Hazard>& see);

} // namespace rcuscope
