// SPDX-License-Identifier: BSD-2-Clause
#include "analysis/lives.hpp"

#include <algorithm>
#include <iterator>
#include <limits>
#include <utility>

#include "analysis/watched.hpp"
#include "timeline/moment.hpp"
#include "timeline/summary.hpp"

namespace rcuscope {

namespace {

Nanoseconds first_known(const ModuleLife& life) {
    for (const MaybeTime& time : {life.loaded, life.init_done, life.exit, life.exit_done, life.free_begin})
        if (time)
            return *time;
    if (life.freed)
        return *life.freed;
    return !life.refusals.empty()     ? life.refusals.front().at
           : !life.references.empty() ? life.references.front().at
                                      : 0;
}

// A recording may break off before do_init_module() returns the error. A module that is freed without an exit call had
// an init function that failed, unless a record that would say otherwise was lost.
bool init_failed(const JudgedLife& judged, const CaptureSummary& capture) {
    const ModuleLife& life = *judged.life;
    if (life.init_error)
        return true;
    return life.loaded && life.free_begin && !life.init_done && !life.exit && !life.exit_done && !judged.records_lost &&
           !is_missing(capture, "module.init");
}

// The lives by module name. If the end of a life was missed, the begin of the next life is its end.
std::map<std::string, Lives> lives_of(const Timeline& timeline, const LossIndex& losses) {
    std::map<std::string, Lives> modules;
    for (std::size_t i = 0; i < timeline.modules.size(); i++) {
        const ModuleLife& life = timeline.modules[i];
        Lives& lives = modules[life.name];
        JudgedLife next;
        next.life = &life;
        next.index = i;
        next.first_known = first_known(life);
        next.begin = life.free_begin;
        next.gone = life.freed;
        if (!lives.empty() && !lives.back().gone)
            lives.back().gone = next.first_known;
        lives.push_back(std::move(next));
    }
    for (auto& [name, lives] : modules) {
        for (JudgedLife& judged : lives) {
            judged.records_lost = losses.overlaps(judged.first_known, judged.deadline(timeline.capture));
            judged.begin = judged.begin ? judged.begin : judged.gone;
            judged.init_failed = init_failed(judged, timeline.capture);
            if (judged.begin) {
                const MaybeTime returned = judged.init_failed ? judged.life->init_done : judged.life->exit_done;
                judged.exited = std::min(returned.value_or(*judged.begin), *judged.begin);
            }
        }
    }
    return modules;
}

// The life in which a callback was queued: the last life that had begun. It is the first life if none had begun, since
// the begin of that one may be unseen.
JudgedLife& life_at(Lives& lives, Nanoseconds queued) {
    const auto after = std::upper_bound(lives.begin(), lives.end(), queued,
                                        [](Nanoseconds at, const JudgedLife& life) { return at < life.first_known; });
    return after == lives.begin() ? *after : *std::prev(after);
}

void count(const Callback& callback, JudgedLife& judged) {
    judged.queued++;
    judged.newest = &callback;
    if (callback.invoked && (judged.last_run == nullptr || *judged.last_run->invoked < *callback.invoked))
        judged.last_run = &callback;
    judged.not_seen += callback.invoked ? 0U : 1U;
    judged.not_returned += callback.invoked && !callback.done ? 1U : 0U;
    if (callback.done)
        judged.last_done = std::max(judged.last_done.value_or(*callback.done), *callback.done);
}

bool in_a_wait(Nanoseconds at, const std::vector<const Wait*>& waits) {
    return std::any_of(
        waits.begin(), waits.end(),
        [at](const Wait* wait) {
            return wait->begin <= at && at <= wait->end.value_or(std::numeric_limits<Nanoseconds>::max());
        });
}

// True if an exit function that sleeps in a loop polled until the last callback had returned: at most one wakeup comes
// after the return. None does if the callback returns while the woken task still waits for a CPU.
bool looked_until(Nanoseconds done, const std::vector<Nanoseconds>& wakeups) {
    return !wakeups.empty() && std::count_if(
                                   wakeups.begin(), wakeups.end(), [done](Nanoseconds at) { return at > done; }) <= 1;
}

bool sleeps_in_loop(const JudgedLife& judged, const Timeline& timeline) {
    const auto ways = timeline.exit_ways.find(judged.life->name);
    return ways != timeline.exit_ways.end() && !ways->second.exit_polls_with.empty();
}

// True if the last callback woke the exit function, or if the exit function polled until that callback had run.
bool waited_for_last(const JudgedLife& judged, const ExitWaitIndex& waits, bool polls) {
    const ModuleLife& life = *judged.life;
    if (judged.last_run == nullptr || !life.exit || !life.exit_done || *judged.last_run->invoked < *life.exit)
        return false;
    const Nanoseconds ran = *judged.last_run->invoked;
    std::vector<const Wait*> own;
    if (life.going_tid && !life.exit_wakeups.empty())
        own = waits.of_task(*life.going_tid, *life.exit, *life.exit_done);
    std::vector<Nanoseconds> others;
    for (const ModuleLife::Wakeup& wakeup : life.exit_wakeups) {
        if (wakeup.at < *life.exit || wakeup.at > *life.exit_done)
            continue;
        if (wakeup.head != 0 && wakeup.head == judged.last_run->head && wakeup.at >= ran &&
            wakeup.at <= judged.last_run->done.value_or(wakeup.at))
            return true;
        if (!in_a_wait(wakeup.at, own))
            others.push_back(wakeup.at);
    }
    return polls && looked_until(judged.last_run->done.value_or(ran), others);
}

// True if the last callback dropped a reference while it ran. Also true if at least half as many references as there
// were callbacks were dropped by the module's code or by a tail call of a callback (the caller is then
// rcu_do_batch()): some drops may have been missed.
bool held_by_callbacks(const JudgedLife& judged) {
    const auto& references = judged.life->references;
    const auto drops = static_cast<std::size_t>(
        std::count_if(references.begin(), references.end(), [&](const ModuleLife::Reference& each) {
            return !each.taken && (each.caller.module == judged.life->name || each.caller.function == "rcu_do_batch");
        }));
    if (drops > 0 && 2 * drops >= judged.queued)
        return true;
    if (judged.last_run == nullptr)
        return false;
    const Callback& last = *judged.last_run;
    return std::any_of(references.begin(), references.end(), [&](const ModuleLife::Reference& each) {
        return !each.taken && each.at >= *last.invoked && each.at <= last.done.value_or(each.at) &&
               last.invoked_cpu == each.cpu;
    });
}

// Judges a callback whose invocation or return in time is not known.
void judge_unfinished(const Callback& callback, JudgedLife& judged, const Timeline& timeline, const LossIndex& losses) {
    const Nanoseconds deadline = judged.deadline(timeline.capture);
    // The callback was not done at its last record. A loss after that may hide its end.
    const Nanoseconds seen = callback.invoked.value_or(callback.queued);
    const bool lost = seen <= deadline && losses.overlaps(seen, deadline);
    // No loss and no cut explains the unknown end: the head was queued again before an invocation was recorded, or the
    // invocation probe was skipped.
    const bool unexplained = !callback.invoked && callback.state == CallbackState::unknown &&
                             timeline.capture.complete && !losses.overlaps(callback.queued, timeline.capture.end);
    if (lost || unexplained) {
        judged.unsure.push_back(&callback);
        judged.unsure_by_loss = judged.unsure_by_loss || lost;
    } else {
        judged.late.push_back(&callback);
    }
}

void judge_end(const Callback& callback, JudgedLife& judged, const Timeline& timeline, const LossIndex& losses) {
    const Nanoseconds deadline = judged.deadline(timeline.capture);
    if (!judged.begin || callback.queued > deadline)
        return;
    // free_module() waits for a grace period, and a grace period waits for a callback that is already running. So a
    // callback that was invoked before free_module() returned in time: its return was missed, or lies beyond the end.
    if (!callback.invoked || (!callback.done && *callback.invoked > *judged.begin)) {
        judge_unfinished(callback, judged, timeline, losses);
    } else if (callback.done.value_or(*callback.invoked) > deadline) {
        judged.late.push_back(&callback);
    } else if (*callback.invoked > *judged.exited) {
        // The invocation decides, not the return: the last callback may wake the exit function that waits for it and
        // return later.
        judged.just_ran.push_back(&callback);
    }
}

// The kernel's own counts, corrected for skipped programs: after a skipped invocation a callback counts as pending
// until the end, and a skipped queueing is never counted.
class Counts {
public:
    explicit Counts(const CaptureSummary& capture)
        : not_invoked_(missed_runs(capture, "callback.invoked")),
          none_queued_unseen_(missed_runs(capture, "callback.queued") == 0 &&
                              missed_runs(capture, "callback.queued.hurry") == 0) {}

    // A lower bound of the number that was pending.
    std::uint64_t surely(const std::optional<std::uint64_t>& counted) const {
        return counted.value_or(0) - std::min(counted.value_or(0), not_invoked_);
    }
    bool surely_none(const std::optional<std::uint64_t>& counted) const { return counted == 0U && none_queued_unseen_; }
    bool exact(const std::optional<std::uint64_t>& counted) const {
        return surely_none(counted) || (counted && not_invoked_ == 0 && none_queued_unseen_);
    }

private:
    std::uint64_t not_invoked_;
    bool none_queued_unseen_;
};

// True if the kernel's own count proves that the callback began to run in time, or if the count gives the exact number
// of those that did not.
bool resolved_by_count(const Callback& callback, const JudgedLife& judged, const Counts& counts) {
    const ModuleLife& life = *judged.life;
    if (counts.exact(life.pending_at_freed) || (!judged.gone && counts.exact(life.pending_at_free)))
        return true;
    return (counts.surely_none(life.pending_at_free) && callback.queued <= *judged.begin) ||
           (counts.surely_none(life.pending_at_exit) && callback.queued <= *judged.exited);
}

// Removes the callbacks that never ran because a head was queued twice, and returns their number. The module cannot
// wait for them. A doubled head breaks RCU's list: other callbacks that were queued before the last rcu_barrier() may
// never run either, although it waited for the whole list.
std::size_t leave_doubled_out(JudgedLife& judged, const std::unordered_set<std::uint32_t>& doubled) {
    const auto is_doubled = [&](const Callback* callback) { return doubled.contains(callback->id); };
    if (std::none_of(judged.late.begin(), judged.late.end(), is_doubled) &&
        std::none_of(judged.unsure.begin(), judged.unsure.end(), is_doubled))
        return 0;
    const auto explained = [&](const Callback* callback) {
        return !callback->invoked &&
               (is_doubled(callback) || (judged.barrier && callback->queued <= judged.barrier->begin));
    };
    return std::erase_if(judged.late, explained) + std::erase_if(judged.unsure, explained);
}

// Combines the lists with the kernel's counts, which hold where records were lost or the capture breaks off. A callback
// that the timeline recorded is reported even if the counts contradict it.
void apply_kernel_counts(JudgedLife& judged, bool complete, const Counts& counts) {
    if (!judged.begin)
        return;
    const ModuleLife& life = *judged.life;
    std::erase_if(judged.unsure,
                  [&](const Callback* callback) { return resolved_by_count(*callback, judged, counts); });
    // After a cut the last records of each CPU may be missing, so a missing invocation proves little.
    if (!complete && (judged.gone ? life.pending_at_freed : life.pending_at_free) == 0U) {
        std::erase_if(
            judged.late,
            [&](const Callback* callback) {
                return !callback->invoked && callback->queued <= judged.gone.value_or(*judged.begin);
            });
    }
    const auto surely = [&](const std::optional<std::uint64_t>& counted) {
        const std::uint64_t pending = counts.surely(counted);
        return pending - std::min<std::uint64_t>(pending, judged.doubled);
    };
    judged.late_count = judged.late.size();
    if (judged.gone) {
        judged.late_count = std::max(judged.late_count, surely(life.pending_at_freed));
    } else {
        const auto ran_since = static_cast<std::uint64_t>(
            std::count_if(judged.just_ran.begin(), judged.just_ran.end(),
                          [&](const Callback* callback) { return *callback->invoked > *judged.begin; }));
        const std::uint64_t counted = surely(life.pending_at_free);
        judged.late_count = std::max(judged.late_count, counted - std::min(counted, ran_since));
    }
    judged.just_ran_count = judged.just_ran.size();
    if (judged.late_count == 0) {
        const std::uint64_t counted = std::max(surely(life.pending_at_exit), surely(life.pending_at_free));
        judged.just_ran_count = std::max(judged.just_ran_count, counted);
    }
}

// Finds the callbacks that would have been late if the kernel had not spent time on removing kprobes. That time delays
// the free of the module, but not grace periods and callbacks.
void judge_without_probes(JudgedLife& judged) {
    const ModuleLife& life = *judged.life;
    if (!life.unprobing || !life.unprobed || *life.unprobed < *life.unprobing || !judged.gone)
        return;
    judged.probes_delay = elapsed(*life.unprobing, *life.unprobed);
    for (const Callback* callback : judged.just_ran)
        if (callback->done.value_or(*callback->invoked) > *judged.gone - *judged.probes_delay)
            judged.late_without_probes.push_back(callback);
}

} // namespace

LifeJudge::LifeJudge(const Timeline& timeline, const LossIndex& losses)
    : timeline_(timeline), losses_(losses), modules_(lives_of(timeline, losses)) {
    for (auto& [name, lives] : modules_) {
        const PooledString module = name;
        by_name_.resize(std::max<std::size_t>(by_name_.size(), module.id() + 1));
        by_name_[module.id()] = &lives;
    }
    count_kvfree_calls();
}

void LifeJudge::count_kvfree_calls() {
    for (const KvfreeCall& call : timeline_.kvfree_calls)
        if (Lives* lives = of_module(call.caller.module))
            life_at(*lives, call.at).kvfree_calls++;
}

void LifeJudge::count_other(const Callback& callback, Lives& lives) {
    JudgedLife& judged = life_at(lives, callback.queued);
    Others& others = others_[std::uint64_t{judged.index} << 32 | callback.function.id()];
    others.life = &judged;
    others.function = callback.function;
    others.count++;
}

void LifeJudge::name_others() {
    for (const auto& [key, others] : others_)
        others.life->with_others[location_name(others.function, false)] += others.count;
}

void LifeJudge::judge(const Callback& callback, Lives& lives) const {
    JudgedLife& judged = life_at(lives, callback.queued);
    if (callback.function->in_init) {
        judged.in_init.push_back(&callback);
        return;
    }
    count(callback, judged);
    judge_end(callback, judged, timeline_, losses_);
}

std::map<std::string, Lives> LifeJudge::lives(const std::unordered_set<std::uint32_t>& doubled) && {
    const Counts counts(timeline_.capture);
    const ExitWaitIndex waits(timeline_);
    name_others();
    for (auto& [name, lives] : modules_) {
        for (JudgedLife& judged : lives) {
            const ModuleLife& life = *judged.life;
            judged.waits = waits.of(life);
            judged.barrier = waits.last_barrier(life, judged.first_known,
                                                life.exit_done.value_or(judged.deadline(timeline_.capture)));
            judged.waited = waited_for_last(judged, waits, sleeps_in_loop(judged, timeline_));
            judged.held = held_by_callbacks(judged);
            judged.init_gone = life.init_freed ? life.init_freed : judged.gone;
            judged.doubled = leave_doubled_out(judged, doubled);
            apply_kernel_counts(judged, timeline_.capture.complete, counts);
            judge_without_probes(judged);
            if (judged.exited && life.going_tid && !judged.just_ran.empty()) {
                judged.going_waits = waits.of_task(*life.going_tid, *judged.exited, judged.deadline(timeline_.capture),
                                                   JudgedLife::max_going_waits);
            }
        }
    }
    return std::move(modules_);
}

} // namespace rcuscope
