// SPDX-License-Identifier: BSD-2-Clause
//
// A group of kprobe events that one recorder owns while it lives.
//
// Recorders must tell events of a recorder that runs from those that a dead one left, and kprobe_events is one file for
// the whole kernel: recorders in containers share it, and share neither process ids nor files nor a network. So an
// owner is known by a lock on kprobe_events itself: the group's name is a random number, and its owner holds a lock (an
// open file description lock, fcntl(2)) on the one byte of that file that has this number. tracefs has the same inode
// in every mount and namespace, and the kernel drops the lock with the last process that holds it, however that ends.
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
    is_unknown, // the name is none of ours, or the kernel does not say
};

class EventGroup {
public:
    static constexpr std::string_view prefix = "rcuscope_";

    // One that nobody owns, and that has no events.
    static Result<EventGroup> take(const KprobeEvents& events);
    // Whether another recorder, or another open file of this one, owns the group.
    static GroupOwner owner_of(const KernelName& group, const KprobeEvents& events);

    const KernelName& name() const { return name_; }
    // Owns the group; processes that are forked own it, too, until they close it.
    int lock_fd() const { return lock_.get(); }

private:
    EventGroup(KernelName name, Fd lock) : name_(std::move(name)), lock_(std::move(lock)) {}

    KernelName name_;
    Fd lock_;
};

} // namespace rcuscope
