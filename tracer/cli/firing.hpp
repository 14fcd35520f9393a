// SPDX-License-Identifier: BSD-2-Clause
//
// The text about a trigger that fired (analysis/firing.hpp).
#pragma once

#include "base/text_out.hpp"
#include "timeline/model.hpp"

namespace rcuscope {

// Prints which trigger fired and what contributed to it. Prints nothing for a recording without a trigger.
void print_firing(const Timeline& timeline, const Analysis& analysis, TextOut out);

} // namespace rcuscope
