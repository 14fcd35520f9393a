// SPDX-License-Identifier: BSD-2-Clause
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
#include "timeline/spans.hpp"

namespace rcuscope {

// A task as the builder follows it: who it is, and what it has not ended yet.
struct TrackedTask {
    std::uint64_t described = 0; // number of the newest record that says who it is; 0: none yet
    std::uint32_t tgid = 0;
    bool kthread = false;
    SharedText comm;
    InvocationContext context = InvocationContext::unknown; // of callbacks that run while it is the current task

    bool seen = false;
    std::uint32_t last_cpu = 0;
    std::uint32_t last_cpu_reports = 0; // of losses there, when it was last seen

    SpanStack read_sections; // by rcu_read_lock()
    SpanStack reader_calls;  // sections too, by a function
    SpanStack function_calls;
    SpanStack batches;
    SpanStack waits;
};

class TaskTable {
public:
    // The current task of an event. If records of the CPU where it was last seen
    // were lost since, its open spans may have ended unseen: they are given up, so
    // that one loss does not spoil all that follows.
    TrackedTask& current(const Moment& moment, const LossTracker& losses) {
        TrackedTask& task = find(moment);
        if (task.seen && losses.reports(task.last_cpu) != task.last_cpu_reports) {
            give_up_spans(task);
        }
        task.seen = true;
        task.last_cpu = moment.cpu;
        task.last_cpu_reports = losses.reports(moment.cpu);
        return task;
    }

    void describe(const Moment& moment, const event::Task& task);

    // Its number may be another task's next.
    static void ended(TrackedTask& task) { give_up_spans(task); }

    // Every task of which a record was seen, by tid.
    std::vector<Task> finish() const;

private:
    struct Last {
        std::uint32_t tid = 0;
        TrackedTask* task = nullptr;
    };

    // On each CPU it is mostly that of the event before.
    TrackedTask& find(const Moment& moment) {
        if (moment.cpu < last_.size()) {
            const Last& last = last_[moment.cpu];
            if (last.task != nullptr && last.tid == moment.tid) [[likely]] {
                return *last.task;
            }
        }
        return look_up(moment);
    }
    TrackedTask& look_up(const Moment& moment);
    static void give_up_spans(TrackedTask& task);

    std::unordered_map<std::uint64_t, TrackedTask, SeededHash> tasks_; // none of which ever moves
    std::vector<Last> last_;                                           // by CPU
    std::uint64_t descriptions_ = 0;
};

} // namespace rcuscope
