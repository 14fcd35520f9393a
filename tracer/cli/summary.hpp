// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include "base/text_out.hpp"
#include "timeline/model.hpp"

namespace rcuscope {

// A recording on one screen, for people.
void print_summary(const Timeline& timeline, TextOut out);

} // namespace rcuscope
