// SPDX-License-Identifier: BSD-2-Clause
//
// The output of `record --mode summary`, in which BPF programs count in the kernel and send no events. The result is a
// digest, as `summarize` writes it.
#pragma once

#include <string>
#include <vector>

#include "base/output_target.hpp"
#include "cli/cli.hpp"
#include "record/summary_recorder.hpp"

namespace rcuscope {

// The path of -o, or the default rcuscope.json. Fails with ExitCode::bad_input if there are several, or if the name is
// not "-" and its ending selects another format than .json.
Result<std::string> summary_output(const std::vector<std::string>& outputs);

// Writes the digest to the output and, unless `quiet`, prints it on stderr. `strict`: lost events give
// ExitCode::does_not_hold.
Outcome finish_summary(const SummaryRecording& recording, const OutputTarget& output, bool strict, bool quiet);

} // namespace rcuscope
