// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <string>

#include "base/text_out.hpp"
#include "cli/load.hpp"

namespace rcuscope {

// The text of `rcuscope info` about a recording.
void print_info(const std::string& path, const Timeline& timeline, const CaptureExtent& extent, TextOut out);

} // namespace rcuscope
