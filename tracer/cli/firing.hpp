// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include "base/text_out.hpp"
#include "timeline/model.hpp"

namespace rcuscope {

// Why a recording that was waited for was written; nothing for others.
void print_firing(const Timeline& timeline, TextOut out);

} // namespace rcuscope
