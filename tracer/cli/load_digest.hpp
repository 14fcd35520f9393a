// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <string>

#include "analysis/digest.hpp"
#include "analysis/hazards.hpp"
#include "base/error.hpp"

namespace rcuscope {

// Of a recording, or from the summary of one: which of both a file is, its content says.
Result<Digest> load_digest(const std::string& file, const HazardLimits& limits);

} // namespace rcuscope
