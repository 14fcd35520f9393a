// SPDX-License-Identifier: BSD-2-Clause
#include "timeline/tasks.hpp"

#include <algorithm>
#include <string_view>
#include <tuple>

namespace rcuscope {

namespace {

// The idle tasks of all CPUs have tid 0.
std::uint64_t key_of(const Moment& moment) {
    return moment.tid != 0 ? moment.tid : (std::uint64_t{1} << 32) + moment.cpu;
}

// ksoftirqd, rcuc and rcuo kthreads run rcu_do_batch() themselves. In any other task, a softirq on top of it runs it.
InvocationContext context_of(const event::Task& task) {
    const std::string_view comm = task.comm.str();
    if (!task.kthread)
        return InvocationContext::softirq;
    if (comm.starts_with("ksoftirqd/"))
        return InvocationContext::ksoftirqd;
    if (comm.starts_with("rcuc/"))
        return InvocationContext::rcuc;
    // rcuop/N, rcuos/N, rcuob/N
    return comm.starts_with("rcuo") ? InvocationContext::rcuo : InvocationContext::softirq;
}

} // namespace

TrackedTask& TaskTable::look_up(const Moment& moment) {
    TrackedTask& task = tasks_[key_of(moment)];
    if (moment.cpu >= last_.size())
        last_.resize(moment.cpu + 1);
    last_[moment.cpu] = {.tid = moment.tid, .task = &task};
    if (moment.tid == 0 && task.context == InvocationContext::unknown) {
        task.context =
            InvocationContext::softirq; // an idle task is not one of RCU's kthreads, even without a Task event
    }
    return task;
}

void TaskTable::give_up_spans(TrackedTask& task) {
    task.read_sections.clear();
    task.reader_calls.clear();
    task.function_calls.clear();
    task.batches.clear();
    task.waits.clear();
}

void TaskTable::describe(const Moment& moment, const event::Task& task) {
    TrackedTask& tracked = find(moment);
    tracked.described = ++descriptions_;
    tracked.tgid = task.tgid;
    tracked.kthread = task.kthread;
    tracked.comm = task.comm.str();
    tracked.context = context_of(task);
}

std::vector<Task> TaskTable::finish() const {
    struct Row {
        std::uint32_t tid;
        std::uint64_t described;
        const TrackedTask* task;
    };
    std::vector<Row> rows;
    for (const auto& [key, task] : tasks_)
        if (task.described != 0)
            rows.push_back({(key >> 32) != 0 ? 0 : static_cast<std::uint32_t>(key), task.described, &task});
    // The idle task with the newest Task event represents all of them.
    std::sort(rows.begin(), rows.end(),
              [](const Row& a, const Row& b) { return std::tie(a.tid, b.described) < std::tie(b.tid, a.described); });
    std::vector<Task> tasks;
    for (const Row& row : rows) {
        if (tasks.empty() || tasks.back().tid != row.tid) {
            const TrackedTask& task = *row.task;
            tasks.push_back({.tid = row.tid, .tgid = task.tgid, .comm = task.comm, .kthread = task.kthread});
        }
    }
    return tasks;
}

} // namespace rcuscope
