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
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "base/file.hpp"
#include "probes/event_group.hpp"
#include "probes/kprobe_events.hpp"

namespace rcuscope {

class ProbeGuard {
public:
    // Takes a group, and starts the guard of its events. To be called while the process has one thread.
    static Result<ProbeGuard> start(const KprobeEvents& events);

    ProbeGuard(ProbeGuard&& other) noexcept;
    ProbeGuard& operator=(ProbeGuard&&) = delete;
    ~ProbeGuard(); // like finish(), its outcome not told

    // The group of all kprobe events of this recorder.
    const KernelName& group() const { return group_.name(); }

    // Has the events removed; everything attached to them must be closed. Returns when they are gone.
    Status finish();

private:
    ProbeGuard(const KprobeEvents& events, EventGroup group, Fd pipe, pid_t pid)
        : events_(events), group_(std::move(group)), pipe_(std::move(pipe)), pid_(pid) {}

    KprobeEvents events_;
    EventGroup group_;
    Fd pipe_;
    pid_t pid_ = -1;
};

// Removes the events of recorders that ended together with their guard (a killed container, say). What cannot be
// known to be a dead recorder's stays, and so does what is in use: a sentence on each, with the command that removes
// it.
std::vector<std::string> remove_stale_probes(const KprobeEvents& events);

} // namespace rcuscope
