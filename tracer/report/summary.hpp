// SPDX-License-Identifier: BSD-2-Clause
//
// The text that `record` and `info` print about a recording.
#pragma once

#include "base/text_out.hpp"
#include "timeline/model.hpp"

namespace rcuscope {

// Prints an overview of about one screen.
void print_summary(const Timeline& timeline, const Analysis& analysis, TextOut out);

} // namespace rcuscope
