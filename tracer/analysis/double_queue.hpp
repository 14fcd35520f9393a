// SPDX-License-Identifier: BSD-2-Clause
//
// The hazard double-call-rcu: hazards.hpp says what it is.
#pragma once

#include <vector>

#include "analysis/loss_index.hpp"
#include "timeline/model.hpp"

namespace rcuscope {

// One for each pair of places that queued the same heads, with all callbacks that they queued so.
std::vector<Hazard> double_queue_hazards(const Timeline& timeline, const LossIndex& losses);

} // namespace rcuscope
