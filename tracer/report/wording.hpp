// SPDX-License-Identifier: BSD-2-Clause
//
// Sentences that say the same of many things, such as of each life of a module.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace rcuscope {

struct SameWording {
    std::string first; // the first of them, whole
    std::size_t count = 0;
};

// Sentences that differ in their numbers and times alone are of one wording; offsets in functions, and what is part of
// a name, are no numbers. The most frequent first, equally frequent ones by their first sentence's place.
std::vector<SameWording> by_wording(const std::vector<std::string>& sentences);

} // namespace rcuscope
