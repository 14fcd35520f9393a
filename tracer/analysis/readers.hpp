// SPDX-License-Identifier: BSD-2-Clause
//
// The hazards reader-never-ended, blocked-in-reader and long-reader: hazards.hpp says what they are.
#pragma once

#include <vector>

#include "analysis/loss_index.hpp"
#include "timeline/model.hpp"

namespace rcuscope {

// One for each function that has such sections, with all of them.
std::vector<Hazard> left_reader_hazards(const Timeline& timeline);
// Without those that never ended: what comes of that is not told besides.
std::vector<Hazard> blocked_reader_hazards(const Timeline& timeline);
std::vector<Hazard> long_reader_hazards(const Timeline& timeline, const LossIndex& losses, Nanoseconds limit);

} // namespace rcuscope
