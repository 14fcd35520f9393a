// SPDX-License-Identifier: BSD-2-Clause
//
// `rcuscope finish-recording`, which `record` executes for each file of a trigger: the recording goes on meanwhile, and
// the memory that this takes goes with the process. Not in the help: its options are between these two.
#pragma once

#include <string>
#include <vector>

#include "cli/finish.hpp"

namespace rcuscope {

constexpr int capture_descriptor = 3;

// The whole command line.
std::vector<std::string> finish_arguments(const FinishRequest& request, const std::string& capture, bool temporary);

void add_finish(CLI::App& app, Outcome& result);

} // namespace rcuscope
