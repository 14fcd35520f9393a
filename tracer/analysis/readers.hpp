// SPDX-License-Identifier: BSD-2-Clause
//
// Finds the hazards reader-never-ended, blocked-in-reader and long-reader of read-side sections. hazards.hpp defines
// them.
#pragma once

#include <vector>

#include "analysis/hazards.hpp"
#include "analysis/loss_index.hpp"
#include "timeline/model.hpp"

namespace rcuscope {

// Each function returns one hazard for each function that has such sections, with all of them.
std::vector<Hazard> left_reader_hazards(const Timeline& timeline);
// These two skip sections that never ended: left_reader_hazards() reports them.
std::vector<Hazard> blocked_reader_hazards(const Timeline& timeline);
std::vector<Hazard> long_reader_hazards(const Timeline& timeline, const LossIndex& losses, Nanoseconds limit);

} // namespace rcuscope
