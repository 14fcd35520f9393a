// SPDX-License-Identifier: BSD-2-Clause
//
// The command whose run is recorded. It is forked early and waits until every probe is in place.
#pragma once

#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

#include "base/error.hpp"
#include "base/file.hpp"

namespace rcuscope {

// Checks that execvp() would find the program. Called before any other work is done for the command.
Status can_start(const std::string& program);

// The child process of the command.
class Child {
public:
    // The process waits for go(). It never runs the command if this object is destroyed before.
    static Result<Child> prepare(const std::vector<std::string>& command);

    Child(Child&& other) noexcept;
    Child& operator=(Child&&) = delete;
    ~Child(); // ends a process that still waits; a running command goes on

    // Starts the command. Fails with ExitCode::bad_input if it cannot be started.
    Status go();

    // Readable when the process has ended.
    int ended_fd() const { return pidfd_.get(); }
    // The exit status once the process has ended; 128 + signal if a signal ended it.
    std::optional<int> status();

private:
    Child() = default;

    std::string name_;
    pid_t pid_ = -1;
    bool running_ = false;
    Fd pidfd_;
    Fd go_;     // the process stops waiting when this is written to or closed
    Fd failed_; // delivers the errno of a failed exec
};

} // namespace rcuscope
