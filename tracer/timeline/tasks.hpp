// SPDX-License-Identifier: BSD-2-Clause
//
// Tasks: who they are, by Task events, and which spans (open_spans.hpp) each has open. A table of the recording's tasks
// by tid; each CPU's idle task, all of which have tid 0, has its own entry.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/seeded_hash.hpp"
#include "capture/event.hpp"
#include "timeline/losses.hpp"
#include "timeline/model.hpp"
#include "timeline/moment.hpp"
#include "timeline/open_spans.hpp"

namespace rcuscope {

// A task as the builder follows it: its identity and its open spans.
struct TrackedTask {
    std::uint64_t described = 0; // number of its newest Task event; 0: none yet
    std::uint32_t tgid = 0;
    bool kthread = false;
    PooledString comm;
    InvocationContext context = InvocationContext::unknown; // in which callbacks run while it is the current task

    bool seen = false;
    std::uint32_t last_cpu = 0;
    std::uint32_t last_cpu_reports = 0; // LossTracker::reports() of that CPU, when it was last seen

    SpanStack read_sections; // begun by rcu_read_lock()
    SpanStack reader_calls;  // sections that are calls of a reader (sites.hpp)
    SpanStack function_calls;
    SpanStack batches;
    SpanStack waits;
};

class TaskTable {
public:
    // The current task of an event. If its last CPU has lost records since, its open spans may have ended unseen. They
    // are given up, so that one loss does not make all later spans wrong.
    TrackedTask& current(const Moment& moment, const LossTracker& losses) {
        TrackedTask& task = find(moment);
        if (task.seen && losses.reports(task.last_cpu) != task.last_cpu_reports)
            give_up_spans(task);
        task.seen = true;
        task.last_cpu = moment.cpu;
        task.last_cpu_reports = losses.reports(moment.cpu);
        return task;
    }

    void describe(const Moment& moment, const event::Task& task);

    // The kernel may give its tid to another task.
    static void ended(TrackedTask& task) { give_up_spans(task); }

    // All tasks with a Task event, by tid.
    std::vector<Task> finish() const;

private:
    struct Last {
        std::uint32_t tid = 0;
        TrackedTask* task = nullptr;
    };

    // Mostly the task of the CPU's previous event.
    TrackedTask& find(const Moment& moment) {
        if (moment.cpu < last_.size()) {
            const Last& last = last_[moment.cpu];
            if (last.task != nullptr && last.tid == moment.tid) [[likely]]
                return *last.task;
        }
        return look_up(moment);
    }
    TrackedTask& look_up(const Moment& moment);
    static void give_up_spans(TrackedTask& task);

    std::unordered_map<std::uint64_t, TrackedTask, SeededHash> tasks_; // pointers to its elements stay valid
    std::vector<Last> last_;                                           // by CPU
    std::uint64_t descriptions_ = 0;
};

} // namespace rcuscope
