// SPDX-License-Identifier: BSD-2-Clause
#include "analysis/hazards.hpp"

#include "analysis/unload.hpp"
#include "timeline/moment.hpp"

namespace rcuscope {

void find_hazards(Timeline& timeline, const HazardLimits& limits) {
    (void)limits;
    timeline.hazards = find_unload_hazards(timeline);
    sort_by_time(timeline.hazards, [](const Hazard& hazard) { return hazard.at; });
}

} // namespace rcuscope
