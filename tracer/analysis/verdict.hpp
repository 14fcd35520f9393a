// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <string>

#include "analysis/lives.hpp"
#include "timeline/model.hpp"

namespace rcuscope {

// A sentence on how a life went: ModuleLife::verdict. Claims no more than is known.
std::string verdict_of(const JudgedLife& judged, const Timeline& timeline);

} // namespace rcuscope
