// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <ostream>

#include "timeline/model.hpp"

namespace rcuscope {

// A recording on one screen, for people.
void print_summary(const Timeline& timeline, std::ostream& out);

// "1.53 s", "20.1 ms", "870 us", "90 ns"
std::string duration_text(Nanoseconds duration);

} // namespace rcuscope
