// SPDX-License-Identifier: BSD-2-Clause
//
// Whether control can take a path: a walk through one function that remembers what its branches have decided, so that
// "if (a) lock(); ... if (a) unlock();" is not taken for a lock without unlock.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <vector>

#include "review/ways.hpp"

namespace rcuscope {

struct FoundPath {
    KoElf::Place begin;                 // where the depth became more than 0 for the last time
    KoElf::Place end;                   // of the return
    std::optional<KoElf::Place> branch; // the last one in between
};

// `change` tells by how much a step changes the depth of nesting. Looks for a path from the function's entry to a
// return with a depth above 0. Nothing where there is none, or none was found within a bound.
std::optional<FoundPath> find_open_path(const Code& code, const std::vector<Step>& steps,
                                        const std::function<int(const Step&)>& change);

} // namespace rcuscope
