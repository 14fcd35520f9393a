// SPDX-License-Identifier: BSD-2-Clause
//
// Follows what tasks do inside RCU itself: wait for grace periods (Wait) and run callbacks in rcu_do_batch() (Batch).
#pragma once

#include <cstdint>
#include <vector>

#include "capture/event.hpp"
#include "timeline/model.hpp"
#include "timeline/moment.hpp"
#include "timeline/stacks.hpp"
#include "timeline/tasks.hpp"

namespace rcuscope {

class WaitTracker {
public:
    void begin(const Moment& moment, const event::WaitBegin& wait, CalledFrom from, TrackedTask& task);
    void end(const Moment& moment, const event::WaitEnd& wait, TrackedTask& task);
    SpillVector<Wait> finish();

private:
    SpillVector<Wait> waits_;
};

class BatchTracker {
public:
    void begin(const Moment& moment, const event::BatchBegin& batch, TrackedTask& task);
    // A callback was invoked: counts it for the batch that the task runs on this CPU. Returns the CPU whose callback
    // list that batch runs, if known.
    CompactOptional<std::uint32_t> invoked(const Moment& moment, const TrackedTask& task) {
        if (task.batches.empty() || batches_[task.batches.back()].cpu != moment.cpu)
            return std::nullopt;
        Batch& batch = batches_[task.batches.back()];
        batch.callbacks++;
        return batch.list_cpu;
    }
    void end(const Moment& moment, const event::BatchEnd& batch, TrackedTask& task);
    SpillVector<Batch> finish();

private:
    SpillVector<Batch> batches_;
};

} // namespace rcuscope
