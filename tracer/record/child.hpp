// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

#include "base/error.hpp"
#include "base/file.hpp"

namespace rcuscope {

// Whether there is a program that execvp() would run: asked before anything else is done for the command's sake.
Status can_start(const std::string& program);

// The command that is recorded. Made early, held back until every probe is in place.
class Child {
public:
    // The process waits for go(); it never runs if this object is destroyed before.
    static Result<Child> prepare(const std::vector<std::string>& command);

    Child(Child&& other) noexcept;
    Child& operator=(Child&&) = delete;
    ~Child(); // takes back a command that was not let go; one that runs is left to itself

    // Lets it run. Fails with ExitCode::bad_input if the command cannot be started.
    Status go();

    // Readable when it has ended.
    int ended_fd() const { return pidfd_.get(); }
    // The exit status once it has ended, 128 + signal if one ended it.
    std::optional<int> status();

private:
    Child() = default;

    std::string name_;
    pid_t pid_ = -1;
    bool running_ = false;
    Fd pidfd_;
    Fd go_;     // closed or written to: the process stops waiting
    Fd failed_; // the error number of a failed exec comes from here
};

} // namespace rcuscope
