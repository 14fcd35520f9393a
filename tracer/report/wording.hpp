// SPDX-License-Identifier: BSD-2-Clause
//
// Groups sentences that differ only in their numbers, such as the verdicts on many lives of a module.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace rcuscope {

struct SameWording {
    std::string first; // the first sentence of the group, unchanged
    std::size_t count = 0;
};

// Groups sentences that are equal apart from their numbers and times. Offsets in functions and digits in names are not
// numbers in this sense. The most frequent group comes first; groups of equal size are in the order of their first
// sentences.
std::vector<SameWording> by_wording(const std::vector<std::string>& sentences);

} // namespace rcuscope
