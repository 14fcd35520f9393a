// SPDX-License-Identifier: BSD-2-Clause
#include "cli/numbered_outputs.hpp"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <iostream>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/numbered.hpp"

namespace rcuscope {

namespace {

// Below everybody else, and without what keeps the recorder's probes alive.
[[noreturn]] void finish_aside(const FinishRequest& request, const std::string& capture, bool temporary) {
    constexpr int below = 10;
    ::close_range(STDERR_FILENO + 1, ~0U, 0);
    [[maybe_unused]] const int nice = ::nice(below);
    const Outcome outcome = finish_recording(request, capture, false);
    if (temporary)
        ::unlink(capture.c_str());
    ::_exit(outcome ? static_cast<int>(*outcome) : report_error(outcome.error()));
}

} // namespace

std::string NumberedOutputs::next() {
    bool taken = true;
    while (taken) {
        number_++;
        taken = false;
        outputs_.clear();
        for (const std::string& output : request_.outputs) {
            outputs_.push_back(numbered(output, number_));
            std::error_code none;
            taken = taken || (outputs_.back() != output && std::filesystem::exists(outputs_.back(), none));
        }
    }
    const auto capture = std::find_if(outputs_.begin(), outputs_.end(), is_capture);
    return capture != outputs_.end() ? *capture : outputs_.front() + "." + std::to_string(::getpid()) + ".tmp.rcu";
}

void NumberedOutputs::written(const std::string& capture) {
    FinishRequest request = request_;
    request.outputs = outputs_;
    const bool temporary = std::find(outputs_.begin(), outputs_.end(), capture) == outputs_.end();
    const pid_t pid = ::fork();
    if (pid == 0)
        finish_aside(request, capture, temporary);
    if (pid > 0)
        finishers_.push_back(pid);
    else
        std::cerr << "rcuscope: cannot finish " + capture + ": " + errno_text(errno) + "\n";
}

ExitCode NumberedOutputs::finish() {
    int worst = 0;
    for (const pid_t pid : finishers_) {
        int status = 0;
        while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
        }
        worst = std::max(worst, WIFEXITED(status) ? WEXITSTATUS(status) : static_cast<int>(ExitCode::cannot_here));
    }
    finishers_.clear();
    return static_cast<ExitCode>(worst);
}

} // namespace rcuscope
