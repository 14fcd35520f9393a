// SPDX-License-Identifier: BSD-2-Clause
//
// The output files of `record --trigger`: -o rare.rcu gives rare-1.rcu, rare-2.rcu, ..., one for each firing.
#pragma once

#include <string>
#include <sys/types.h>
#include <utility>
#include <vector>

#include "cli/finish.hpp"

namespace rcuscope {

// A separate process finishes each capture (finish_command.hpp) while the recording goes on.
class NumberedOutputs {
public:
    // `program`: the path of rcuscope. The second signal ends its processes (end_signals.hpp).
    explicit NumberedOutputs(FinishRequest request, std::string program = "/proc/self/exe")
        : request_(std::move(request)), program_(std::move(program)) {}

    // The capture for the next number for which no output file exists yet.
    Result<CaptureDestination> next();
    // Call this when the capture of next() is complete: starts the process that finishes it.
    void written(CaptureWriter& capture);
    // Waits for all processes. Returns the greatest of their exit codes; does_not_hold if one could not be started or
    // was killed.
    ExitCode finish();

private:
    FinishRequest request_;
    std::string program_;
    std::vector<OutputTarget> outputs_; // for number_
    unsigned number_ = 0;
    std::vector<pid_t> finishers_;
    bool failed_ = false; // a process could not be started
};

} // namespace rcuscope
