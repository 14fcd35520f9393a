// SPDX-License-Identifier: BSD-2-Clause
//
// Finds the calls in a module that defer work until after a grace period, and the callbacks that each may queue: by
// constant propagation (values.hpp), also through parameters of the calling functions.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "review/control_flow.hpp"
#include "review/known_functions.hpp"
#include "review/reading.hpp"

namespace rcuscope {

// Name of the module that exports a symbol; empty for the kernel itself, nothing if not known.
using ExporterOf = std::function<std::optional<std::string>(std::string_view symbol)>;

struct FoundDeferral {
    DeferralSite site;
    KoElf::SectionOffset place; // section offset of the call
    // Index of the function with the call; for a split-off part (".cold"), that of the function it belongs to.
    std::optional<std::size_t> function;
    // Indices of the module's own functions that it may queue, without those in init text.
    std::vector<std::size_t> own;
    bool unknown_callback = false; // it may also queue a function that the file does not tell
};

// Sorted by section offset.
std::vector<FoundDeferral> find_deferrals(ControlFlow& ways, const ExporterOf& exporter);

} // namespace rcuscope
