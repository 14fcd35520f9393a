// SPDX-License-Identifier: BSD-2-Clause
#include "timeline/model.hpp"

namespace rcuscope {

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

const char* to_text(HolderKind kind) {
    switch (kind) {
    case HolderKind::unknown:
        return "unknown";
    case HolderKind::read_section:
        return "read-section";
    case HolderKind::preempted_reader:
        return "preempted-reader";
    case HolderKind::busy_cpu:
        return "busy-cpu";
    case HolderKind::idle_cpu:
        return "idle-cpu";
    case HolderKind::gp_kthread:
        return "gp-kthread";
    }
    return "";
}

const char* to_text(SectionBy by) {
    return by == SectionBy::function ? "function" : "rcu_read_lock";
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
