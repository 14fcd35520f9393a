// SPDX-License-Identifier: BSD-2-Clause
#include "timeline/grace_periods.hpp"

#include <algorithm>

#include "timeline/moment.hpp"

namespace rcuscope {

GracePeriod& GracePeriodTracker::entry(bool expedited, std::uint64_t gp_seq) {
    changes_++;
    const auto [place, added] = flavor(expedited).try_emplace(gp_seq >> rcu_seq_ctr_shift, grace_periods_.size());
    if (added) {
        GracePeriod& grace_period = grace_periods_.emplace_back();
        grace_period.flavor = "rcu";
        grace_period.expedited = expedited;
        grace_period.gp_seq = static_cast<std::int64_t>(gp_seq);
    }
    return grace_periods_[place->second];
}

void GracePeriodTracker::started(Nanoseconds at, MaybeTime since, const event::GpStart& start) {
    GracePeriod& grace_period = entry(start.expedited, start.gp_seq);
    if (grace_period.start) {
        return;
    }
    // Nothing says how early it may have begun.
    if (!since) {
        return;
    }
    // A start that was noticed late, after the end, lies before it all the same.
    const Nanoseconds begun = std::min(at, grace_period.end.value_or(at));
    grace_period.start = begun;
    grace_period.start_uncertainty = *since < begun ? elapsed(*since, begun) : 0;
}

void GracePeriodTracker::ended(Nanoseconds at, const event::GpEnd& end) {
    GracePeriod& grace_period = entry(end.expedited, end.gp_seq);
    if (!grace_period.end) {
        grace_period.end = at;
    }
}

void GracePeriodTracker::cleaned(Nanoseconds at, const event::GpCleaned& cleaned) {
    const ByCounter& known = flavor(cleaned.expedited);
    const auto found = known.find(cleaned.gp_seq >> rcu_seq_ctr_shift);
    if (found != known.end() && !grace_periods_[found->second].cleaned) {
        grace_periods_[found->second].cleaned = at;
    }
}

void GracePeriodTracker::requested(Nanoseconds at, const event::GpRequested& requested) {
    requested_.try_emplace(requested.gp_seq >> rcu_seq_ctr_shift, at);
}

static bool has_reported(const GracePeriod& grace_period, std::uint32_t cpu) {
    return std::any_of(grace_period.quiescent_states.begin(), grace_period.quiescent_states.end(),
                       [cpu](const QuiescentState& state) {
                           return std::find(state.cpus.begin(), state.cpus.end(), cpu) != state.cpus.end();
                       });
}

void GracePeriodTracker::quiescent(Nanoseconds at, const event::GpQuiescent& quiescent) {
    GracePeriod& grace_period = entry(quiescent.expedited, quiescent.gp_seq);
    QuiescentState state{
        .at = at, .kind = quiescent.kind, .cpus = {}, .last = true, .blocked_readers = quiescent.blocked};
    for (std::uint32_t bit = 0; bit < 64; bit++) {
        const std::uint32_t cpu = quiescent.first_cpu + bit;
        if (quiescent.mask >> bit & 1) {
            state.cpus.push_back(cpu);
        }
        // Two CPUs that report at the same time may each have seen the leaf still wait for the other.
        if (state.last && (quiescent.left >> bit & 1) && !has_reported(grace_period, cpu)) {
            state.last = false;
        }
    }
    grace_period.quiescent_states.push_back(std::move(state));
}

void GracePeriodTracker::scanned(Nanoseconds at, const event::GpScan& scan) {
    GracePeriod& grace_period = entry(false, scan.gp_seq);
    grace_period.scans = std::max(grace_period.scans, scan.count);
    if (!grace_period.first_scan) {
        grace_period.first_scan = at;
    }
}

void GracePeriodTracker::blocked(Nanoseconds at, const event::GpBlocked& blocked) {
    entry(blocked.expedited, blocked.gp_seq)
        .preempted_readers.push_back({.at = at, .tid = blocked.tid, .comm = blocked.comm});
}

void GracePeriodTracker::busy(bool expedited, std::uint64_t gp_seq, BusyCpu cpu) {
    entry(expedited, gp_seq).busy_cpus.push_back(std::move(cpu));
}

void GracePeriodTracker::opened(const RcuSequences& sequences) {
    opened_with(false, sequences.gp_seq);
    opened_with(true, sequences.expedited_seq);
}

void GracePeriodTracker::opened_with(bool expedited, std::uint64_t gp_seq) {
    // The hook at the end of an expedited one runs a moment after the end.
    const auto ended_before = [&](const GracePeriod& row) {
        return row.expedited == expedited &&
               seq_later(gp_seq & ~rcu_seq_state_mask, static_cast<std::uint64_t>(row.gp_seq));
    };
    std::erase_if(grace_periods_, ended_before);
    by_counter_ = {};
    for (std::size_t i = 0; i < grace_periods_.size(); i++) {
        const GracePeriod& row = grace_periods_[i];
        flavor(row.expedited)[static_cast<std::uint64_t>(row.gp_seq) >> rcu_seq_ctr_shift] = i;
    }
    if (gp_seq & rcu_seq_state_mask) {
        GracePeriod& row = entry(expedited, gp_seq);
        row.began_before = true;
        row.start.reset();
        row.start_uncertainty = 0;
    }
}

void GracePeriodTracker::closed(const RcuSequences& sequences, Nanoseconds end) {
    closed_with(false, sequences.gp_seq, end);
    closed_with(true, sequences.expedited_seq, end);
}

// The hook at the start runs a moment after the start.
void GracePeriodTracker::closed_with(bool expedited, std::uint64_t gp_seq, Nanoseconds end) {
    if (!(gp_seq & rcu_seq_state_mask)) {
        return;
    }
    Nanoseconds since = 0;
    if (const auto last = flavor(expedited).find(counter_released_by(gp_seq)); last != flavor(expedited).end()) {
        const GracePeriod& row = grace_periods_[last->second];
        since = row.cleaned ? *row.cleaned : row.end.value_or(row.start.value_or(0));
    }
    GracePeriod& row = entry(expedited, gp_seq);
    if (!row.start && !row.began_before) {
        row.start = end;
        row.start_uncertainty = elapsed(since, end);
    }
}

std::vector<GracePeriod> GracePeriodTracker::finish() {
    for (const auto& [counter, at] : requested_) {
        if (const auto found = flavor(false).find(counter); found != flavor(false).end()) {
            grace_periods_[found->second].requested = at;
        }
    }
    sort_by_time(grace_periods_, [](const GracePeriod& row) { return row.start ? *row.start : row.end.value_or(0); });
    for (std::size_t i = 0; i < grace_periods_.size(); i++) {
        GracePeriod& row = grace_periods_[i];
        row.id = static_cast<std::uint32_t>(i + 1);
        flavor(row.expedited)[static_cast<std::uint64_t>(row.gp_seq) >> rcu_seq_ctr_shift] = i;
    }
    return std::move(grace_periods_);
}

std::optional<std::size_t> GracePeriodTracker::find_normal(std::uint64_t counter) const {
    const auto found = by_counter_[0].find(counter);
    return found == by_counter_[0].end() ? std::nullopt : std::optional(found->second);
}

} // namespace rcuscope
