// SPDX-License-Identifier: BSD-2-Clause
//
// SIGINT, SIGTERM and SIGHUP: the first ends the recording, in whatever phase it comes; the second ends rcuscope at
// once, by its default action, and says what is not written.
//
// By handlers, not by a thread that waits: the guard of the probes is forked while there is one thread.
#pragma once

#include <string>
#include <sys/types.h>
#include <vector>

#include "base/error.hpp"
#include "base/file.hpp"

namespace rcuscope {

// One in a process.
class EndSignals {
public:
    // At once: as if the first had come already. One that is ignored stays ignored then.
    enum class Obeyed { as_second, at_once };
    static Result<EndSignals> take(Obeyed obeyed = Obeyed::as_second);
    static bool taken();
    EndSignals(EndSignals&& other) noexcept;
    EndSignals& operator=(EndSignals&&) = delete;
    ~EndSignals(); // as before; what was said is forgotten

    int fd() const { return fd_.get(); } // readable from the first one on
    static bool came();

    // The texts of the first and of the second on stderr; the second removes these files, too. Empty: nothing.
    struct FileName {
        int folder; // a descriptor that stays open
        std::string name;
    };
    static void say(std::string at_first, std::string at_second, std::vector<FileName> removed = {});
    // A process that works for this one: the second signal ends it, and says this unless it has ended by itself.
    static void add_helper(pid_t pid, std::string at_second);
    static void remove_helper(pid_t pid);

    // In a child, before exec(): as before take(). Async-signal-safe.
    static void restore();
    // Ends by the first one: who waits for this process sees that.
    [[noreturn]] static void die();

private:
    explicit EndSignals(Fd fd) : fd_(std::move(fd)) {}
    Fd fd_; // none: moved from
};

} // namespace rcuscope
