// SPDX-License-Identifier: BSD-2-Clause
#include "timeline/model.hpp"

#include <algorithm>
#include <iterator>
#include <limits>

#include "capture/format.hpp"

namespace rcuscope {

// Callback holds the number of a CPU in 16 bits, one value of which means that it is not known.
static_assert(max_cpus < std::numeric_limits<std::uint16_t>::max());

void Timeline::check_bound() const {
    if (recording != Binding<Recording>::current_or_null())
        not_bound();
}

bool CacheLeft::holds(std::uint64_t address) const {
    const auto after =
        std::upper_bound(slabs.begin(), slabs.end(), address,
                         [](std::uint64_t from, const event::CacheSlab::What& slab) { return from < slab.start; });
    if (after == slabs.begin())
        return false;
    const event::CacheSlab::What& slab = *std::prev(after);
    const std::uint64_t number = (address - slab.start) / slab.object_size;
    if (!slab.free_known || number >= slab.objects || number / 64 >= slab.free.size())
        return false;
    return (slab.free[number / 64] >> number % 64 & 1) == 0;
}

const char* to_text(CallbackState state) {
    switch (state) {
    case CallbackState::done:
        return "done";
    case CallbackState::pending:
        return "pending";
    case CallbackState::unknown:
        break;
    }
    return "unknown";
}

const char* to_text(QueueContext context) {
    switch (context) {
    case QueueContext::unknown:
        return "unknown";
    case QueueContext::task:
        return "task";
    case QueueContext::softirq:
        return "softirq";
    case QueueContext::hardirq:
        return "hardirq";
    }
    return "";
}

const char* to_text(InvocationContext context) {
    switch (context) {
    case InvocationContext::softirq:
        return "softirq";
    case InvocationContext::ksoftirqd:
        return "ksoftirqd";
    case InvocationContext::rcuc:
        return "rcuc";
    case InvocationContext::rcuo:
        return "rcuo";
    case InvocationContext::unknown:
        break;
    }
    return "unknown";
}

const char* to_text(SectionBy by) {
    return by == SectionBy::function ? "function" : "rcu_read_lock";
}

const char* to_text(SectionLeft left) {
    switch (left) {
    case SectionLeft::no:
        return "";
    case SectionLeft::task_ended:
        return "task-ended";
    case SectionLeft::user_mode:
        return "user-mode";
    case SectionLeft::idle:
        return "idle";
    case SectionLeft::unseen_end:
        return "unseen-end";
    }
    return "";
}

const char* to_text(event::QuiescentKind kind) {
    switch (kind) {
    case event::QuiescentKind::self:
        return "self";
    case event::QuiescentKind::scan:
        return "scan";
    case event::QuiescentKind::init:
        return "init";
    case event::QuiescentKind::other:
        return "other";
    }
    return "";
}

const char* to_text(event::WaitKind kind) {
    switch (kind) {
    case event::WaitKind::synchronize_rcu:
        return "synchronize_rcu";
    case event::WaitKind::synchronize_rcu_expedited:
        return "synchronize_rcu_expedited";
    case event::WaitKind::rcu_barrier:
        return "rcu_barrier";
    }
    return "unknown";
}

} // namespace rcuscope
