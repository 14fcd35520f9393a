// SPDX-License-Identifier: BSD-2-Clause
//
// The guard: a second process that removes the recorder's kprobe events when the recorder ends, however it ends.
//
// The kernel detaches BPF programs when the process that holds their descriptors ends. Kprobe events of tracefs are
// different: they stay until a process removes them. They are needed because no other probes can wait for a module
// that is not loaded yet. Only the guard removes them, also when the recorder ends normally.
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
    // Takes a group of events and starts its guard. The process must have only one thread, since this forks.
    static Result<ProbeGuard> start(const KprobeEvents& events);

    ProbeGuard(ProbeGuard&& other) noexcept;
    ProbeGuard& operator=(ProbeGuard&&) = delete;
    ~ProbeGuard(); // like finish(), but drops the error

    // The group that all kprobe events of this recorder belong to.
    const KernelName& group() const { return group_.name(); }

    // Makes the guard remove the events, and waits until they are gone. Everything attached to them must be closed.
    Status finish();

private:
    ProbeGuard(const KprobeEvents& events, EventGroup group, Fd pipe, pid_t pid)
        : events_(events), group_(std::move(group)), pipe_(std::move(pipe)), pid_(pid) {}

    KprobeEvents events_;
    EventGroup group_;
    Fd pipe_;
    pid_t pid_ = -1;
};

// Removes the events of recorders that ended together with their guard (for example in a killed container). Keeps the
// events of running recorders. Also keeps events that are in use and events whose owner is unknown; returns a sentence
// on each of these, with the command that removes it.
std::vector<std::string> remove_stale_probes(const KprobeEvents& events);

} // namespace rcuscope
