// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <ostream>

#include "timeline/model.hpp"

namespace rcuscope {

// Why a recording that was waited for was written; nothing for others.
void print_firing(const Timeline& timeline, std::ostream& out);

} // namespace rcuscope
