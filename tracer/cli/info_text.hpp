// SPDX-License-Identifier: BSD-2-Clause
//
// The text of the subcommand `info`.
#pragma once

#include <string>

#include "base/text_out.hpp"
#include "cli/load.hpp"

namespace rcuscope {

// Prints the file, the command, the trigger that fired, the summary and the probes. `path` is that of the capture.
void print_info(const std::string& path, const LoadedTimeline& loaded, TextOut out);

} // namespace rcuscope
