// SPDX-License-Identifier: BSD-2-Clause
//
// The hazard freed-with-pending-callbacks: hazards.hpp says what it is.
#pragma once

#include <vector>

#include "timeline/model.hpp"

namespace rcuscope {

std::vector<Hazard> find_unload_hazards(const Timeline& timeline);

} // namespace rcuscope
