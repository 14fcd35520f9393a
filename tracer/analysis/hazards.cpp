// SPDX-License-Identifier: BSD-2-Clause
#include "analysis/hazards.hpp"

#include "analysis/unload.hpp"
#include "timeline/moment.hpp"

namespace rcuscope {

std::vector<Hazard> find_hazards(const Timeline& timeline) {
    std::vector<Hazard> hazards = find_unload_hazards(timeline);
    sort_by_time(hazards, [](const Hazard& hazard) { return hazard.at; });
    return hazards;
}

} // namespace rcuscope
