// SPDX-License-Identifier: BSD-2-Clause
//
// Searches a feasible path through one function: it remembers the outcomes of branches, so "if (a) lock(); ... if (a)
// unlock();" is not taken for a lock without unlock. Depth: the number of open read-side sections.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <vector>

#include "review/control_flow.hpp"

namespace rcuscope {

struct FoundPath {
    KoElf::SectionOffset begin;                 // the step at which the depth last became more than 0
    KoElf::SectionOffset end;                   // the return
    std::optional<KoElf::SectionOffset> branch; // the last conditional jump between them
};

// Searches a path from the function's entry to a return with a nesting depth above 0. `change` gives the difference
// that a step makes to the depth. Nothing if there is no such path, or the search reached its limit first.
std::optional<FoundPath> find_open_path(const Code& code, const std::vector<Step>& steps,
                                        const std::function<int(const Step&)>& change);

} // namespace rcuscope
