// SPDX-License-Identifier: BSD-2-Clause
#include "timeline/waits.hpp"

#include <utility>

namespace rcuscope {

void WaitTracker::begin(const Moment& moment, const event::WaitBegin& wait, CalledFrom from, TrackedTask& task) {
    const bool expedited = wait.kind == event::WaitKind::synchronize_rcu_expedited;
    // synchronize_rcu() may call synchronize_rcu_expedited(): this is one expedited wait, not two.
    if (expedited && !task.waits.empty() && waits_[task.waits.back()].kind == event::WaitKind::synchronize_rcu) {
        waits_[task.waits.back()].expedited = true;
        return;
    }
    open_newest(task.waits, waits_.size());
    waits_.push_back({.kind = wait.kind,
                      .tid = moment.tid,
                      .comm = task.comm,
                      .caller = from.caller,
                      .expedited = expedited,
                      .begin = moment.at,
                      .end = std::nullopt,
                      .stack = from.stack});
}

void WaitTracker::end(const Moment& moment, const event::WaitEnd& wait, TrackedTask& task) {
    const auto index = close_newest(task.waits, [&](std::size_t i) { return waits_[i].kind == wait.kind; });
    if (index)
        waits_[*index].end = moment.at;
}

SpillVector<Wait> WaitTracker::finish() {
    sort_by_time(waits_, [](const Wait& wait) { return wait.begin; });
    return std::move(waits_);
}

void BatchTracker::begin(const Moment& moment, const event::BatchBegin& batch, TrackedTask& task) {
    open_newest(task.batches, batches_.size());
    batches_.push_back({.cpu = moment.cpu,
                        .list_cpu = batch.list_cpu,
                        .tid = moment.tid,
                        .context = task.context,
                        .begin = moment.at,
                        .end = std::nullopt});
}

// The batch of a softirq may nest in an offloaded batch of the rcuo kthread that it interrupts.
void BatchTracker::end(const Moment& moment, const event::BatchEnd& batch, TrackedTask& task) {
    const auto index = close_newest(task.batches, [&](std::size_t i) {
        return batches_[i].cpu == moment.cpu && batches_[i].list_cpu == batch.list_cpu;
    });
    if (index)
        batches_[*index].end = moment.at;
}

SpillVector<Batch> BatchTracker::finish() {
    sort_by_time(batches_, [](const Batch& batch) { return batch.begin; });
    return std::move(batches_);
}

} // namespace rcuscope
