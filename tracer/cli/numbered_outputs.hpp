// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <string>
#include <sys/types.h>
#include <utility>
#include <vector>

#include "cli/finish.hpp"

namespace rcuscope {

// The files of triggers: -o rare.rcu is rare-1.rcu, rare-2.rcu, ... Each is finished
// by a process of its own (finish_command.hpp).
class NumberedOutputs {
public:
    // `program`: this one. Its processes are named to the second signal (end_signals.hpp).
    explicit NumberedOutputs(FinishRequest request, std::string program = "/proc/self/exe")
        : request_(std::move(request)), program_(std::move(program)) {}

    // The capture of the next number of which there is no file yet.
    Result<CapturePlace> next();
    // The file of next() is finished.
    void written(CaptureWriter& capture);
    // When all are finished: the worst exit code.
    ExitCode finish();

private:
    FinishRequest request_;
    std::string program_;
    std::vector<OutputTarget> outputs_; // of the number
    unsigned number_ = 0;
    std::vector<pid_t> finishers_;
    bool failed_ = false; // one could not be started
};

} // namespace rcuscope
