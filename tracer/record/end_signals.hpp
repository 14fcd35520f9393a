// SPDX-License-Identifier: BSD-2-Clause
//
// SIGINT, SIGTERM and SIGHUP. The first one ends the recording, in any phase. The second one ends rcuscope at once by
// its default action, after a message that says what is not written.
//
// This uses signal handlers. A waiting thread is impossible: the guard process of the probes is forked while the
// process has a single thread.
#pragma once

#include <string>
#include <sys/types.h>
#include <vector>

#include "base/error.hpp"
#include "base/file.hpp"

namespace rcuscope {

// At most one object exists in a process.
class EndSignals {
public:
    // as_second: as above. at_once: the first signal acts as the second; a signal that is ignored stays ignored.
    enum class Obeyed { as_second, at_once };
    static Result<EndSignals> take(Obeyed obeyed = Obeyed::as_second);
    static bool taken();
    EndSignals(EndSignals&& other) noexcept;
    EndSignals& operator=(EndSignals&&) = delete;
    ~EndSignals(); // restores the former actions and forgets the texts

    int fd() const { return fd_.get(); } // readable once the first signal has come
    static bool came();

    // Sets the texts that the first and the second signal write to stderr; empty: none. The second signal also removes
    // the files.
    struct FileName {
        int folder; // must stay open
        std::string name;
    };
    static void say(std::string at_first, std::string at_second, std::vector<FileName> removed = {});
    // Registers a process that works for this one. The second signal writes the text and ends the process if it still
    // runs.
    static void add_helper(pid_t pid, std::string at_second);
    static void remove_helper(pid_t pid);

    // Restores the former actions in a child before exec(). Async-signal-safe.
    static void restore();
    // Ends the process by the first signal, so that its parent sees that signal in the wait status.
    [[noreturn]] static void die();

private:
    explicit EndSignals(Fd fd) : fd_(std::move(fd)) {}
    Fd fd_; // empty once moved from
};

} // namespace rcuscope
