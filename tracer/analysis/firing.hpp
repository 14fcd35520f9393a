// SPDX-License-Identifier: BSD-2-Clause
//
// Explains why a trigger fired. The analysis divides the duration of the object that the trigger fired on (a grace
// period, a callback, a read-side section) into parts and names its holder.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "analysis/analysis.hpp"
#include "timeline/model.hpp"

namespace rcuscope {

struct Contribution {
    std::string what;
    std::int64_t amount = 0; // nanoseconds, or callbacks
};

struct FiringAnalysis {
    std::string what;                // "gp>200ms: grace period 1204 took 412 ms"
    bool counts = false;             // true: the amounts are numbers of callbacks
    std::int64_t whole = 0;          // the sum of the parts
    std::vector<Contribution> parts; // empty: the object is not in the recording
    std::string holder;              // a sentence; empty: not known
    std::vector<CodeLocation> stack; // of the holder, innermost first
};

// Nullopt if no trigger fired in this recording.
std::optional<FiringAnalysis> analyse_firing(const Timeline& timeline, const Analysis& analysis);

} // namespace rcuscope
