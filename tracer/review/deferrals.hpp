// SPDX-License-Identifier: BSD-2-Clause
//
// The places in a module that defer work until after a grace period, and the functions that they queue.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "review/known_functions.hpp"
#include "review/reading.hpp"
#include "review/ways.hpp"

namespace rcuscope {

// Which module exports a symbol: its name, an empty text for the kernel itself, nothing if that is not known.
using ExporterOf = std::function<std::optional<std::string>(std::string_view symbol)>;

struct FoundDeferral {
    DeferralSite site;
    KoElf::Place place;
    std::optional<std::size_t> function; // that holds it, as a whole
    // Own functions that it queues, in text that stays.
    std::vector<std::size_t> own;
    bool unknown_callback = false;
};

// By place.
std::vector<FoundDeferral> find_deferrals(Ways& ways, const ExporterOf& exporter);

} // namespace rcuscope
