// SPDX-License-Identifier: BSD-2-Clause
//
// A group of kprobe events in tracefs that one recorder owns as long as it runs.
//
// A recorder must distinguish the events of a running recorder from those that a dead one left behind. kprobe_events
// is one file for the whole kernel. Recorders in containers share it, but share no process ids, files or network. A
// lock on kprobe_events itself therefore marks the owner: the group's name contains a random number, and the owner
// holds a lock (an open file description lock, fcntl(2)) on the byte of the file at this position. tracefs has the
// same inode in every mount and namespace, and the kernel drops the lock when the last process that holds it ends, in
// whatever way.
#pragma once

#include <utility>

#include "base/error.hpp"
#include "base/file.hpp"
#include "kernel/kernel_name.hpp"
#include "probes/kprobe_events.hpp"

namespace rcuscope {

enum class GroupOwner {
    lives,
    is_gone,
    is_unknown, // the name is not one that this class makes, or the kernel cannot test the lock
};

class EventGroup {
public:
    static constexpr std::string_view prefix = "rcuscope_";

    // Takes ownership of a new group, which has no events.
    static Result<EventGroup> take(const KprobeEvents& events);
    // Whether another recorder, or another open file of this one, owns the group.
    static GroupOwner owner_of(const KernelName& group, const KprobeEvents& events);

    const KernelName& name() const { return name_; }
    // The descriptor that holds the lock. A forked process owns the group too, until it closes this descriptor.
    int lock_fd() const { return lock_.get(); }

private:
    EventGroup(KernelName name, Fd lock) : name_(std::move(name)), lock_(std::move(lock)) {}

    KernelName name_;
    Fd lock_;
};

} // namespace rcuscope
