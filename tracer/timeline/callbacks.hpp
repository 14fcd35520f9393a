// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/long_list.hpp"
#include "base/long_table.hpp"
#include "capture/event.hpp"
#include "timeline/callback_rows.hpp"
#include "timeline/callback_taker.hpp"
#include "timeline/grace_periods.hpp"
#include "timeline/heads.hpp"
#include "timeline/losses.hpp"
#include "timeline/model.hpp"
#include "timeline/moment.hpp"
#include "timeline/releases.hpp"
#include "timeline/segments.hpp"
#include "timeline/shares.hpp"
#include "timeline/stacks.hpp"

namespace rcuscope {

// Follows callbacks from call_rcu() to the return of their function. A callback
// is known by the address of its rcu_head, which may be queued again as soon as
// it was invoked: even by its own function.
class CallbackTracker {
public:
    // `taker` none: all are kept.
    CallbackTracker(const LossTracker& losses, const GracePeriodTracker& grace_periods, CallbackTaker* taker)
        : losses_(losses), grace_periods_(grace_periods), releases_(grace_periods), taker_(taker),
          rows_(taker != nullptr) {}

    void queued(const Moment& moment, const event::CbQueued& queued, SharedPlace function, CalledFrom from,
                SharedText comm);
    // `bypass`: callbacks queued since are not on the list yet.
    void assigned(const Moment& moment, const event::CbAssigned& assigned, MaybeTime bypass);
    // A CPU lost records, which may have been of assignments.
    void lost(std::uint32_t cpu);
    // A module's code is gone: what was queued to run it is over when its head is queued again.
    void module_freed(SharedText module, Nanoseconds at);
    // `list_cpu`: whose callbacks are being run, if that is known.
    void invoked(const Moment& moment, const event::CbInvoked& invoked, InvocationContext context,
                 CompactOptional<std::uint32_t> list_cpu);
    void done(const Moment& moment, std::uint64_t head);

    // Gives those that are done to the taker, if there is one and they are many; keep(callback) says which are to be
    // in the timeline as well.
    template <typename Keep>
    void pass_on(Keep&& keep) {
        if (taker_ == nullptr || rows_.size() < pass_at_) {
            return;
        }
        pass_at_ = rows_.size() + pass_step;
        rows_.pass_done([&](const Callback& callback, bool wanted) {
            const bool kept = keep(callback) || wanted;
            taker_->take(callback, released_by(callback, grace_periods_.so_far()), kept);
            return kept;
        });
    }

    // Those that are kept. `grace_periods` as GracePeriodTracker::finish() left them.
    LongList<Callback> finish(const CaptureSummary& capture, const std::vector<GracePeriod>& grace_periods);

    // After finish().
    CallbackBounds bounds() const;
    // Whether nothing was learnt that would have changed what the taker was given, nor need anybody look at the rows
    // that it was given for two callbacks with one head.
    bool passed_well() const { return passed_well_ && bounds().heads_in_turn; }

private:
    using Index = std::uint32_t; // as Callback::id
    static constexpr Index none = static_cast<Index>(-1);

    // What is known of a callback beside the model, until it has run.
    struct Open {
        Index callback = none;
        Index number = 0;              // on the list of the CPU where it was queued
        Index next = none;             // place in opens_: queued later with the same head, also not invoked
        std::uint32_t tid = 0;         // that invoked it
        std::uint32_t reports = 0;     // of losses, when it was queued; when it was invoked
        std::uint32_t cpu_reports = 0; // on the CPU where it runs, when it was invoked
        bool ambiguous = false;        // another with the same head was open meanwhile
    };
    // Places in opens_.
    struct Head {
        Index oldest = none; // queued, not yet invoked
        Index newest = none;
        Index running = none; // invoked, not yet done

        bool unused() const { return oldest == none && running == none; }
    };
    using Heads = LongTable<Head, HeadHash>;

    static constexpr std::size_t pass_step = 1024;

    Callback& row(Index open) { return rows_[opens_[open].callback]; }
    Index open(const Open& what) {
        if (free_.empty()) {
            opens_.push_back(what);
            return static_cast<Index>(opens_.size() - 1);
        }
        const Index place = free_.back();
        free_.pop_back();
        opens_[place] = what;
        return place;
    }
    Index take_oldest(Head& head);
    // It is over, or nothing more is to be learnt of it.
    void close(Index open) {
        if (opens_[open].ambiguous) {
            ambiguous_.push_back(opens_[open].callback);
        }
        free_.push_back(open);
    }
    void give_up(Index open);
    // Its head is queued again. If records were lost since it was last queued, or what stood behind it on its list was
    // run, its invocation was most likely missed; the next one seen belongs to the new callback.
    bool is_over(Index open) {
        const Callback& callback = row(open);
        return opens_[open].reports != losses_.reports() ||
               list(callback.queued_cpu).was_run_past(opens_[open].number) || code_is_gone(callback);
    }
    bool code_is_gone(const Callback& callback) const {
        const SharedText module = callback.function->module;
        return module.id() < freed_.size() && freed_[module.id()] && *freed_[module.id()] >= callback.queued;
    }
    // One CPU's list. Other CPUs assign its callbacks where these are offloaded.
    struct List : SegmentedList {
        bool assigned_by_others = false;
        std::uint64_t losses = 0; // of any CPU, that were taken into account for a list that others assign
    };
    // A loss concerns each list that others assign. Nothing changes in a list until it is next asked for, so that
    // a loss costs the same however many lists there are.
    List& list(std::uint32_t cpu) {
        if (cpu >= lists_.size()) {
            lists_.resize(cpu + 1);
        }
        List& list = lists_[cpu];
        if (list.losses != lost_) {
            if (list.assigned_by_others) {
                list.lose();
            }
            list.losses = lost_;
        }
        return list;
    }
    void sweep();
    void forget_ambiguous();
    std::vector<Index> not_invoked() const;

    const LossTracker& losses_;
    const GracePeriodTracker& grace_periods_;
    Releases releases_;
    CallbackTaker* const taker_;
    CallbackRows rows_;
    std::size_t pass_at_ = pass_step; // when there are so many
    bool passed_well_ = true;
    bool in_order_ = true;
    LongList<Index> ambiguous_;
    std::uint64_t given_up_ = 0; // callbacks
    LongList<Open> opens_;       // as many as there were at a time
    LongList<Index> free_;       // places in opens_
    Heads heads_;                // most are used again: those that are unused go when they are many
    std::size_t sweep_at_ = 4096;
    std::vector<List> lists_;      // by CPU
    std::uint64_t lost_ = 0;       // how often any CPU lost records
    std::vector<MaybeTime> freed_; // modules, the last time, by the name's id
};

} // namespace rcuscope
