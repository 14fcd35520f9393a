// SPDX-License-Identifier: BSD-2-Clause
#include "timeline/callbacks.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "timeline/summary.hpp"

namespace rcuscope {

CallbackTracker::Index CallbackTracker::take_oldest(Head& head) {
    return std::exchange(head.oldest, open_callbacks_[head.oldest].next);
}

// The invocation was certainly missed.
void CallbackTracker::give_up_oldest(Head& head) {
    const Index open = take_oldest(head);
    row(open).state = CallbackState::unknown;
    if (head.oldest == none)
        head.missed = open_callbacks_[open].callback;
    close(open);
}

// A callback whose row has this index queues the head, whose previous callback may not have been invoked.
void CallbackTracker::requeued(const Head& head, Index index) {
    const Index before = head.oldest != none ? open_callbacks_[head.newest].callback : head.missed;
    if (before != none)
        requeued_.push_back({.first = before + 1, .second = index + 1});
}

void CallbackTracker::sweep() {
    heads_.keep_if([](const Head& head) { return !head.unused(); });
    sweep_at_ = std::max<std::size_t>(2 * heads_.size(), 4096);
}

void CallbackTracker::queued(const Moment& moment, const event::CbQueued& queued, PooledLocation function,
                             CalledFrom from, PooledString comm) {
    const auto index = static_cast<Index>(rows_.size());
    in_order_ = in_order_ && (index == 0 || moment.at >= rows_.back().queued);
    // Fills in the row in place, field by field: a row that is built elsewhere and copied costs more than all the rest.
    Callback& row = rows_.emplace_back();
    row.id = index + 1;
    row.function = function;
    row.caller = from.caller;
    row.queued_comm = comm;
    row.head = queued.head;
    row.queued = moment.at;
    row.invoked = std::nullopt;
    row.done = std::nullopt;
    row.queued_tid = moment.tid;
    row.grace_period = std::nullopt;
    row.stack = from.stack;
    row.queued_cpu = static_cast<std::uint16_t>(moment.cpu);
    row.invoked_cpu = std::nullopt;
    row.context = InvocationContext::unknown;
    row.state = CallbackState::pending;
    row.queued_in = queued.in;
    row.lazy = queued.lazy;
    if (heads_.size() >= sweep_at_)
        sweep();
    Head& head = heads_[queued.head];
    requeued(head, index);
    if (queued.end_unseen) {
        row.state = CallbackState::unknown;
        if (head.oldest == none)
            head.missed = index;
        return;
    }
    const Index place = open({.callback = index,
                              .number = static_cast<Index>(list(moment.cpu).queue(moment.at)),
                              .reports = losses_.reports()});
    while (head.oldest != none && is_over(head.oldest))
        give_up_oldest(head);
    head.missed = none;
    if (head.oldest == none) {
        head.oldest = head.newest = place;
    } else { // queued twice: a bug of the caller; both callbacks are shown
        open_callbacks_[head.newest].next = place;
        open_callbacks_[head.newest].ambiguous = open_callbacks_[place].ambiguous = true;
        head.newest = place;
    }
}

void CallbackTracker::assigned(const Moment& moment, const event::CbAssigned& assigned, MaybeTime bypass) {
    if (assigned.list_cpu < lists_.size()) {
        List& assigned_list = list(assigned.list_cpu);
        assigned_list.assigned_by_others = assigned_list.assigned_by_others || moment.cpu != assigned.list_cpu;
        assigned_list.assign(assigned, bypass);
    }
}

void CallbackTracker::lost(std::uint32_t cpu) {
    lost_++;
    if (cpu < lists_.size())
        list(cpu).lose();
}

void CallbackTracker::module_freed(PooledString module, Nanoseconds at) {
    freed_.resize(std::max<std::size_t>(freed_.size(), module.id() + 1));
    freed_[module.id()] = at;
}

// Ignores a head whose queueing was not seen: it was queued before the recording, or belongs to SRCU or RCU-tasks,
// which dequeue with the same kernel function.
void CallbackTracker::invoked(const Moment& moment, const event::CbInvoked& invoked, InvocationContext context,
                              CompactOptional<std::uint32_t> list_cpu) {
    Head* const found = heads_.find(invoked.head);
    if (found == nullptr)
        return;
    Head& head = *found;
    // A different function: the memory was reused since, so the end of the earlier callback was missed.
    while (head.oldest != none && row(head.oldest).function->address != invoked.func)
        give_up_oldest(head);
    if (head.oldest == none)
        return;
    const Index place = take_oldest(head);
    Open& run = open_callbacks_[place];
    Callback& callback = rows_[run.callback];
    callback.invoked = moment.at;
    callback.invoked_cpu = moment.cpu;
    callback.context = context;
    callback.state = CallbackState::unknown;
    // The queueing task may have migrated between the probe and the list, or another CPU may have taken over a CPU's
    // list. The values of the list of queued_cpu then do not apply to this callback.
    if (list_cpu.value_or(callback.queued_cpu) == callback.queued_cpu) {
        SegmentedList& queued_on = list(callback.queued_cpu);
        if (list_cpu && !run.ambiguous)
            queued_on.invoked(run.number);
        if (const auto awaited = queued_on.assigned(run.number))
            releases_.invoked(callback, run.callback, *awaited);
    }
    run.tid = moment.tid;
    run.cpu_reports = losses_.reports(moment.cpu);
    run.reports = losses_.reports();
    if (head.running != none)
        close(head.running);
    head.running = place;
}

void CallbackTracker::done(const Moment& moment, std::uint64_t head) {
    Head* const found = heads_.find(head);
    if (found == nullptr || found->running == none)
        return;
    const Index place = std::exchange(found->running, none);
    const Open& run = open_callbacks_[place];
    Callback& callback = rows_[run.callback];
    // After a loss, this return may belong to a later callback with the same head. A callback stays on its CPU until it
    // returns. But the record may come with the next callback's invocation, and an rcuo kthread, which runs offloaded
    // callbacks, may migrate before that.
    const bool went_on = callback.context == InvocationContext::rcuo && run.tid == moment.tid;
    if (callback.invoked_cpu == moment.cpu ? run.cpu_reports == losses_.reports(moment.cpu)
                                           : went_on && run.reports == losses_.reports()) {
        callback.done = moment.at;
        callback.state = CallbackState::done;
    }
    close(place);
}

void CallbackTracker::finish(Timeline& timeline) {
    const CaptureSummary& capture = timeline.capture;
    Nanoseconds last_loss = std::numeric_limits<Nanoseconds>::min();
    for (const Loss& loss : capture.lost)
        last_loss = std::max(last_loss, loss.to);
    // If the kernel skipped runs of the probe, any callback without a seen invocation may have been invoked.
    const bool all_seen = missed_runs(capture, "callback.invoked") == 0;
    if (!all_seen)
        forget_ambiguous();
    releases_.settle(rows_, timeline.grace_periods);
    for (const Index index : not_invoked()) {
        Callback& callback = rows_[index];
        if (!(capture.complete && all_seen && callback.queued > last_loss))
            callback.state = CallbackState::unknown;
    }
    if (!in_order_)
        sort_rows();
    timeline.callbacks = std::move(rows_);
    timeline.requeued = std::move(requeued_);
}

// A damaged file may hold events that are not in order of time.
void CallbackTracker::sort_rows() {
    sort_by_time(rows_, [](const Callback& callback) { return callback.queued; });
    SpillVector<Index> id_of; // by index before
    id_of.resize(rows_.size());
    for (std::size_t i = 0; i < rows_.size(); i++) {
        const auto id = static_cast<Index>(i + 1);
        id_of[rows_[i].id - 1] = id;
        rows_[i].id = id;
    }
    for (Requeue& each : requeued_)
        each = {.first = id_of[each.first - 1], .second = id_of[each.second - 1]};
}

// Callbacks that are still queued, in order of queueing.
std::vector<CallbackTracker::Index> CallbackTracker::not_invoked() const {
    std::vector<Index> indexes;
    heads_.for_each([&](const Head& head) {
        for (Index place = head.oldest; place != none; place = open_callbacks_[place].next)
            indexes.push_back(open_callbacks_[place].callback);
    });
    std::sort(indexes.begin(), indexes.end());
    return indexes;
}

// Each of two open callbacks with the same head may own the invocation that was seen. Removes it from both.
void CallbackTracker::forget_ambiguous() {
    for (const Open& open : open_callbacks_)
        if (open.ambiguous)
            ambiguous_.push_back(open.callback);
    for (const Index index : ambiguous_) {
        Callback& callback = rows_[index];
        callback.invoked = callback.done = std::nullopt;
        callback.invoked_cpu = std::nullopt;
        callback.grace_period = std::nullopt;
        callback.context = InvocationContext::unknown;
        callback.state = CallbackState::unknown;
    }
}

} // namespace rcuscope
