// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <ostream>

#include "timeline/model.hpp"

namespace rcuscope {

// A recording on one screen, for people.
void print_summary(const Timeline& timeline, std::ostream& out);

} // namespace rcuscope
