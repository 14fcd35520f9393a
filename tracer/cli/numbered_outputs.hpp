// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <string>
#include <sys/types.h>
#include <utility>
#include <vector>

#include "cli/finish.hpp"

namespace rcuscope {

// The files of triggers: -o rare.rcu is rare-1.rcu, rare-2.rcu, ... Each is finished
// by a process of its own, since the recording goes on meanwhile, and the
// memory that this takes goes with it.
class NumberedOutputs {
public:
    explicit NumberedOutputs(FinishRequest request) : request_(std::move(request)) {}

    // The capture of the next number of which there is no file yet.
    Result<CapturePlace> next();
    // The file of next() is finished.
    void written(CaptureWriter& capture);
    // When all are finished: the worst exit code.
    ExitCode finish();

private:
    FinishRequest request_;
    std::vector<OutputTarget> outputs_; // of the number
    unsigned number_ = 0;
    std::vector<pid_t> finishers_;
};

} // namespace rcuscope
