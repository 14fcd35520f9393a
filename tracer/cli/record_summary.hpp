// SPDX-License-Identifier: BSD-2-Clause
//
// `record --mode summary`: what is different where the kernel counts and sends
// no events.
#pragma once

#include <string>
#include <vector>

#include "base/output_target.hpp"
#include "cli/cli.hpp"
#include "record/recorder.hpp"

namespace rcuscope {

// The file of -o, or the one that is written where none is named. Fails if it is to be something else than a summary.
Result<std::string> summary_output(const std::vector<std::string>& outputs);

// Writes the summary, and says what is in it.
Outcome finish_summary(const CountedRecording& recording, const OutputTarget& output, bool strict, bool quiet);

} // namespace rcuscope
