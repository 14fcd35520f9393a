// SPDX-License-Identifier: BSD-2-Clause
#include "timeline/callbacks.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "timeline/summary.hpp"

namespace rcuscope {

// Takes the oldest callback off a head's queue; the end iterator if none is left.
CallbackTracker::OpenHeads::iterator CallbackTracker::drop_oldest(OpenHeads::iterator head) {
    head.value().oldest = tracked_[head->second.oldest].next;
    if (head->second.oldest == none) {
        open_.erase(head.key()); // by its key: what comes next is not looked for
        return open_.end();
    }
    return head;
}

// The head is queued again. If records were lost since it was last queued, the
// invocation is most likely among them; the next one seen belongs to the new callback.
void CallbackTracker::give_up_if_lost(OpenHeads::iterator head) {
    while (head != open_.end() && tracked_[head->second.oldest].reports != losses_.reports()) {
        tracked_[head->second.oldest].given_up = true;
        head = drop_oldest(head);
    }
}

void CallbackTracker::queued(const Moment& moment, const event::CbQueued& queued, const CodePlace& function,
                             const CalledFrom& from, SharedText comm) {
    const auto index = static_cast<Index>(callbacks_.size());
    Callback& callback = callbacks_.emplace_back();
    callback.function = function;
    callback.caller = from.caller;
    callback.stack = from.stack;
    callback.lazy = queued.lazy;
    callback.head = queued.head;
    callback.queued = moment.at;
    callback.queued_cpu = moment.cpu;
    callback.queued_tid = moment.tid;
    callback.queued_comm = comm;

    tracked_.push_back(
        {.reports = losses_.reports(), .number = static_cast<Index>(lists_[moment.cpu].queue(moment.at))});
    give_up_if_lost(open_.find(queued.head));
    const auto [head, added] = open_.try_emplace(queued.head, OpenHead{.oldest = index, .newest = index});
    if (!added) { // queued twice: a bug in who queued it, and both are shown
        tracked_[head->second.newest].next = index;
        tracked_[head->second.newest].ambiguous = tracked_[index].ambiguous = true;
        head.value().newest = index;
    }
}

void CallbackTracker::assigned(const event::CbAssigned& assigned, MaybeTime bypass) {
    const auto list = lists_.find(assigned.list_cpu);
    if (list != lists_.end()) {
        list->second.assign(assigned.gp_seq, bypass);
    }
}

// Only what was seen to be queued matches: others were queued before the
// recording, or are of SRCU or RCU-tasks, which dequeue with the same function.
void CallbackTracker::invoked(const Moment& moment, const event::CbInvoked& invoked, InvocationContext context,
                              std::optional<std::uint32_t> list_cpu) {
    auto head = open_.find(invoked.head);
    // With another function the memory has found another use since: the end of
    // what was queued with it was not seen, and never will be.
    while (head != open_.end() && callbacks_[head->second.oldest].function.address != invoked.func) {
        tracked_[head->second.oldest].given_up = true;
        head = drop_oldest(head);
    }
    if (head == open_.end()) {
        return;
    }
    const Index index = head->second.oldest;
    drop_oldest(head);

    Callback& callback = callbacks_[index];
    callback.invoked = moment.at;
    callback.invoked_cpu = moment.cpu;
    callback.context = context;
    Tracked& tracked = tracked_[index];
    // Its task may have been moved to another CPU between the probe and the list,
    // or a CPU's list taken over by another: then what this list's callbacks waited
    // for says nothing of it.
    const bool same_list = list_cpu.value_or(callback.queued_cpu) == callback.queued_cpu;
    if (const auto gp_seq = lists_[callback.queued_cpu].assigned(tracked.number); gp_seq && same_list) {
        tracked.gp_seq = *gp_seq;
        tracked.has_gp_seq = true;
    }
    running_[invoked.head] = {
        .callback = index, .tid = moment.tid, .cpu_reports = losses_.reports(moment.cpu), .reports = losses_.reports()};
}

void CallbackTracker::done(const Moment& moment, std::uint64_t head) {
    const auto running = running_.find(head);
    if (running == running_.end()) {
        return;
    }
    const Running& run = running->second;
    Callback& callback = callbacks_[run.callback];
    // A loss meanwhile may have hidden its return, and another round of the same
    // head whose return this is. A callback stays on its CPU until it returns; but a
    // task to which callbacks are offloaded may go to another before it takes the next.
    const bool went_on = callback.context == InvocationContext::rcuo && run.tid == moment.tid;
    if (callback.invoked_cpu == moment.cpu ? run.cpu_reports == losses_.reports(moment.cpu)
                                           : went_on && run.reports == losses_.reports()) {
        callback.done = moment.at;
    }
    running_.erase(head);
}

std::optional<std::uint32_t> CallbackTracker::released_by(const Callback& callback, const Tracked& tracked,
                                                          const std::vector<GracePeriod>& grace_periods,
                                                          const GracePeriodTracker& tracker) const {
    if (!tracked.has_gp_seq || !callback.invoked) {
        return std::nullopt;
    }
    const auto index = tracker.find_normal(counter_released_by(tracked.gp_seq));
    if (!index) {
        return std::nullopt;
    }
    // It must lie between queueing and invocation. If it does not, a record of an
    // assignment was lost: better no grace period than a wrong one.
    const GracePeriod& grace_period = grace_periods[*index];
    const bool began_too_early = grace_period.start && *grace_period.start < callback.queued;
    const bool ended_too_late =
        grace_period.end.value_or(grace_period.start.value_or(*callback.invoked)) > *callback.invoked;
    return began_too_early || ended_too_late ? std::nullopt : std::optional(grace_period.id);
}

LongList<Callback> CallbackTracker::finish(const CaptureSummary& capture, const std::vector<GracePeriod>& grace_periods,
                                           const GracePeriodTracker& tracker) {
    Nanoseconds last_loss = std::numeric_limits<Nanoseconds>::min();
    for (const Loss& loss : capture.lost) {
        last_loss = std::max(last_loss, loss.to);
    }
    // Whose invocation was missed cannot be known: any that was not seen may be it.
    const bool all_seen = missed_runs(capture, "callback.invoked") == 0;
    bool in_order = true; // as events come in the order of time: then it is done in one go
    Nanoseconds last_queued = std::numeric_limits<Nanoseconds>::min();
    for (std::size_t i = 0; i < callbacks_.size(); i++) {
        Callback& callback = callbacks_[i];
        callback.id = static_cast<std::uint32_t>(i + 1);
        in_order = in_order && callback.queued >= last_queued;
        last_queued = callback.queued;
        if (tracked_[i].ambiguous && !all_seen) { // or that of the other one with its head
            callback.invoked = callback.done = std::nullopt;
            callback.invoked_cpu = std::nullopt;
            callback.context = InvocationContext::unknown;
        }
        callback.grace_period = released_by(callback, tracked_[i], grace_periods, tracker);
        if (callback.done) {
            callback.state = CallbackState::done;
        } else if (!callback.invoked && capture.complete && all_seen && !tracked_[i].given_up &&
                   callback.queued > last_loss) {
            callback.state = CallbackState::pending;
        } else {
            callback.state = CallbackState::unknown;
        }
    }
    if (!in_order) {
        sort_by_time(callbacks_, [](const Callback& callback) { return callback.queued; });
        for (std::size_t i = 0; i < callbacks_.size(); i++) {
            callbacks_[i].id = static_cast<std::uint32_t>(i + 1);
        }
    }
    return std::move(callbacks_);
}

} // namespace rcuscope
