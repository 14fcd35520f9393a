// SPDX-License-Identifier: BSD-2-Clause
//
// The subcommand `finish-recording`, which `record` executes for each file of a trigger. The recording goes on
// meanwhile, and the kernel frees the memory of finishing when the process exits. The help does not list it: its
// options are an internal interface.
#pragma once

#include <string>
#include <vector>

#include "cli/finish.hpp"

namespace rcuscope {

constexpr int capture_descriptor = 3;

// The command line of the process, from argv[0] on. `temporary`: the capture is removed at the end.
std::vector<std::string> finish_arguments(const FinishRequest& request, const std::string& capture, bool temporary);

void add_finish(CLI::App& app, Outcome& result);

} // namespace rcuscope
