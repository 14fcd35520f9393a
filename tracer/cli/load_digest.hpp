// SPDX-License-Identifier: BSD-2-Clause
//
// Loads the digest of a recording, for commands that take a capture or a summary. A digest is the numbers of a
// recording that `summarize` writes.
#pragma once

#include <string>

#include "analysis/digest.hpp"
#include "analysis/hazards.hpp"
#include "base/error.hpp"

namespace rcuscope {

// Computes the digest of a capture, or reads it from a summary. The content of the file decides which it is.
Result<Digest> load_digest(const std::string& file, const HazardLimits& limits);

} // namespace rcuscope
