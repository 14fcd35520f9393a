// SPDX-License-Identifier: BSD-2-Clause
//
// Why a trigger fired: what the time of the thing that it fired on was spent on,
// part by part, and who held it up.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "timeline/model.hpp"

namespace rcuscope {

struct Contribution {
    std::string what;
    std::int64_t amount = 0; // nanoseconds, or callbacks
};

struct FiringAnalysis {
    std::string what;                // "gp>200ms: grace period 1204 took 412 ms"
    bool counts = false;             // the amounts are callbacks
    std::int64_t whole = 0;          // what the parts add up to
    std::vector<Contribution> parts; // none: what it fired on is not in the recording
    std::string holder;              // a sentence; empty: nobody is known
    std::vector<CodePlace> stack;    // of the holder, innermost first
};

// Nothing if the recording was not waited for. After find_holders().
std::optional<FiringAnalysis> analyse_firing(const Timeline& timeline);

} // namespace rcuscope
