// SPDX-License-Identifier: BSD-2-Clause
//
// Kernel probes that would outlive this process, and who takes them away.
//
// Everything attached with BPF goes with the process that holds its
// descriptors. Kprobe events of tracefs do not: they are the only probes that can
// wait for a module that is not loaded yet, and they stay until somebody
// removes them. So a second process, the guard, waits for this one's end, whatever
// kind of end, and removes them. It is the only one who does.
#pragma once

#include <string>
#include <sys/types.h>

#include "base/error.hpp"
#include "base/file.hpp"

namespace rcuscope {

class ProbeGuard {
public:
    // Starts the guard of the events in group probe_group(). To be called while the process has one thread.
    static Result<ProbeGuard> start(const std::string& tracefs);

    ProbeGuard(ProbeGuard&& other) noexcept;
    ProbeGuard& operator=(ProbeGuard&&) = delete;
    ~ProbeGuard(); // like finish(), its outcome not told

    // Has the events removed; everything attached to them must be closed. Returns when they are gone.
    Status finish();

private:
    ProbeGuard(Fd pipe, pid_t pid) : pipe_(std::move(pipe)), pid_(pid) {}

    Fd pipe_;
    pid_t pid_ = -1;
};

// The group of this process's kprobe events: "rcuscope_PID".
std::string probe_group();

// Removes the events of recorders that ended together with their guard (a
// killed container, say). Best effort: whatever is in use is somebody's.
void remove_stale_probes(const std::string& tracefs);

} // namespace rcuscope
