// SPDX-License-Identifier: BSD-2-Clause
//
// Follows callbacks from call_rcu() to the return of their function. The key of a callback is its head, the address of
// its rcu_head; a head may be queued again as soon as its callback is invoked, even by that callback's own function.
// To assign: RCU gives a callback on a CPU's list the gp_seq of the grace period that it waits for
// (segmented_list.hpp).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/spill_table.hpp"
#include "base/spill_vector.hpp"
#include "capture/event.hpp"
#include "timeline/grace_periods.hpp"
#include "timeline/head_hash.hpp"
#include "timeline/latency_breakdown.hpp"
#include "timeline/losses.hpp"
#include "timeline/model.hpp"
#include "timeline/moment.hpp"
#include "timeline/releases.hpp"
#include "timeline/segmented_list.hpp"
#include "timeline/stacks.hpp"

namespace rcuscope {

class CallbackTracker {
public:
    CallbackTracker(const LossTracker& losses, const GracePeriodTracker& grace_periods)
        : losses_(losses), releases_(grace_periods) {}

    void queued(const Moment& moment, const event::CbQueued& queued, PooledLocation function, CalledFrom from,
                PooledString comm);
    // `bypass`: callbacks queued at this time or later are not on the list yet.
    void assigned(const Moment& moment, const event::CbAssigned& assigned, MaybeTime bypass);
    // A CPU lost records; some may have been assignments.
    void lost(std::uint32_t cpu);
    // A module's code was freed. A callback into it that was queued before ends when its head is queued again.
    void module_freed(PooledString module, Nanoseconds at);
    // `list_cpu`: the CPU whose callback list is being run, if known.
    void invoked(const Moment& moment, const event::CbInvoked& invoked, InvocationContext context,
                 CompactOptional<std::uint32_t> list_cpu);
    void done(const Moment& moment, std::uint64_t head);

    // Sets Timeline::callbacks and Timeline::requeued. Timeline::capture and Timeline::grace_periods are complete.
    void finish(Timeline& timeline);

private:
    using Index = std::uint32_t; // as Callback::id
    static constexpr Index none = static_cast<Index>(-1);

    // State of a callback that has not run to its end yet, in addition to its row.
    struct Open {
        Index callback = none;
        Index number = 0;              // on the callback list of the CPU that queued it
        Index next = none;             // in open_callbacks_: queued later with the same head, also not invoked
        std::uint32_t tid = 0;         // of the invoking task
        std::uint32_t reports = 0;     // LossTracker::reports() at queueing; then at invocation
        std::uint32_t cpu_reports = 0; // the same of the CPU where it runs, at invocation
        bool ambiguous = false;        // another callback with the same head was open meanwhile
    };
    // Indices into open_callbacks_.
    struct Head {
        Index oldest = none; // queued, not yet invoked
        Index newest = none;
        Index running = none; // invoked, not yet done
        Index missed = none;  // index of the row: the callback that was queued last was given up

        bool unused() const { return oldest == none && running == none && missed == none; }
    };
    using Heads = SpillTable<Head, HeadHash>;

    Callback& row(Index open) { return rows_[open_callbacks_[open].callback]; }
    Index open(const Open& what) {
        if (free_.empty()) {
            open_callbacks_.push_back(what);
            return static_cast<Index>(open_callbacks_.size() - 1);
        }
        const Index place = free_.back();
        free_.pop_back();
        open_callbacks_[place] = what;
        return place;
    }
    Index take_oldest(Head& head);
    // The callback has ended, or no more records of it can come.
    void close(Index open) {
        if (open_callbacks_[open].ambiguous)
            ambiguous_.push_back(open_callbacks_[open].callback);
        free_.push_back(open);
    }
    void give_up_oldest(Head& head);
    void requeued(const Head& head, Index row);
    // Asked when the head is queued again. The invocation was most likely missed if records were lost since queueing,
    // if a later callback of the same list was invoked, or if its code was freed. The next invocation of this head then
    // belongs to the new callback.
    bool is_over(Index open) {
        const Callback& callback = row(open);
        return open_callbacks_[open].reports != losses_.reports() ||
               list(callback.queued_cpu).was_run_past(open_callbacks_[open].number) || code_is_gone(callback);
    }
    bool code_is_gone(const Callback& callback) const {
        const PooledString module = callback.function->module;
        return module.id() < freed_.size() && freed_[module.id()] && *freed_[module.id()] >= callback.queued;
    }
    // One CPU's callback list. Other CPUs assign grace periods to it if its callbacks are offloaded.
    struct List : SegmentedList {
        bool assigned_by_others = false;
        std::uint64_t losses = 0; // value of lost_ that this list has taken into account
    };
    // A loss on any CPU affects each list that other CPUs assign. It is applied lazily, when the list is next used, so
    // a loss has constant cost.
    List& list(std::uint32_t cpu) {
        if (cpu >= lists_.size())
            lists_.resize(cpu + 1);
        List& list = lists_[cpu];
        if (list.losses != lost_) {
            if (list.assigned_by_others)
                list.lose();
            list.losses = lost_;
        }
        return list;
    }
    void sweep();
    void forget_ambiguous();
    std::vector<Index> not_invoked() const;

    void sort_rows();

    const LossTracker& losses_;
    Releases releases_;
    SpillVector<Callback> rows_;
    SpillVector<Requeue> requeued_;
    bool in_order_ = true;
    SpillVector<Index> ambiguous_;
    SpillVector<Open> open_callbacks_; // as long as the maximum open at one time
    SpillVector<Index> free_;          // unused entries of open_callbacks_
    Heads heads_;                      // most heads are reused; sweep() removes unused ones when there are many
    std::size_t sweep_at_ = 4096;
    std::vector<List> lists_;      // by CPU
    std::uint64_t lost_ = 0;       // number of losses, on any CPU
    std::vector<MaybeTime> freed_; // last free of each module, by the name's id
};

} // namespace rcuscope
