// SPDX-License-Identifier: BSD-2-Clause
#include "timeline/grace_periods.hpp"

#include <algorithm>
#include <utility>

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
        reported_.emplace_back();
    }
    return grace_periods_[place->second];
}

void GracePeriodTracker::started(Nanoseconds at, MaybeTime since, const event::GpStart& start) {
    GracePeriod& grace_period = entry(start.expedited, start.gp_seq);
    if (grace_period.start)
        return;
    // Without `since` there is no bound on how early it began.
    if (!since)
        return;
    // The record of the start may come after that of the end; the start itself lies before the end.
    const Nanoseconds begun = std::min(at, grace_period.end.value_or(at));
    grace_period.start = begun;
    grace_period.start_uncertainty = *since < begun ? elapsed(*since, begun) : 0;
}

void GracePeriodTracker::ended(Nanoseconds at, const event::GpEnd& end) {
    GracePeriod& grace_period = entry(end.expedited, end.gp_seq);
    if (!grace_period.end)
        grace_period.end = at;
}

void GracePeriodTracker::cleaned(Nanoseconds at, const event::GpCleaned& cleaned) {
    const ByCounter& known = flavor(cleaned.expedited);
    const auto found = known.find(cleaned.gp_seq >> rcu_seq_ctr_shift);
    if (found != known.end() && !grace_periods_[found->second].cleaned)
        grace_periods_[found->second].cleaned = at;
}

void GracePeriodTracker::requested(Nanoseconds at, const event::GpRequested& requested) {
    requested_.try_emplace(requested.gp_seq >> rcu_seq_ctr_shift, at);
}

std::uint64_t* GracePeriodTracker::Reported::find(std::uint32_t number) {
    const auto word =
        std::find_if(words_.begin(), words_.end(), [number](const Word& w) { return w.number == number; });
    return word == words_.end() ? nullptr : &word->cpus;
}

std::uint64_t GracePeriodTracker::Reported::exchange(std::uint32_t first_cpu, std::uint64_t mask) {
    const std::uint32_t shift = first_cpu % 64;
    const auto exchange_in = [this](std::uint32_t number, std::uint64_t added) {
        std::uint64_t* const known = find(number);
        if (known != nullptr)
            return std::exchange(*known, *known | added);
        if (added != 0)
            words_.push_back({number, added});
        return std::uint64_t{0};
    };
    const std::uint64_t low = exchange_in(first_cpu / 64, mask << shift) >> shift;
    return shift == 0 ? low : low | exchange_in(first_cpu / 64 + 1, mask >> (64 - shift)) << (64 - shift);
}

void GracePeriodTracker::quiescent(Nanoseconds at, const event::GpQuiescent& quiescent) {
    GracePeriod& grace_period = entry(quiescent.expedited, quiescent.gp_seq);
    Reported& reported = reported_[static_cast<std::size_t>(&grace_period - grace_periods_.data())];
    // Race: two CPUs that report at the same time may each see the leaf still wait for the other.
    const bool last = (quiescent.left & ~reported.exchange(quiescent.first_cpu, quiescent.mask)) == 0;
    QuiescentState& state = grace_period.quiescent_states.emplace_back();
    state.at = at;
    state.kind = quiescent.kind;
    state.last = last;
    state.blocked_readers = quiescent.blocked;
    for (std::uint32_t bit = 0; bit < 64; bit++)
        if (quiescent.mask >> bit & 1)
            state.cpus.push_back(quiescent.first_cpu + bit);
}

void GracePeriodTracker::scanned(Nanoseconds at, const event::GpScan& scan) {
    GracePeriod& grace_period = entry(false, scan.gp_seq);
    grace_period.scans = std::max(grace_period.scans, scan.count);
    if (!grace_period.first_scan)
        grace_period.first_scan = at;
}

void GracePeriodTracker::blocked(Nanoseconds at, const event::GpBlocked& blocked) {
    entry(blocked.expedited, blocked.gp_seq)
        .preempted_readers.push_back({.at = at,
                                      .tid = blocked.tid,
                                      .comm = blocked.comm,
                                      .on_lock = blocked.on_lock,
                                      .boosted = blocked.boosted});
}

void GracePeriodTracker::busy(bool expedited, std::uint64_t gp_seq, BusyCpu cpu) {
    entry(expedited, gp_seq).busy_cpus.push_back(std::move(cpu));
}

void GracePeriodTracker::opened(const RcuSequences& sequences) {
    opened_with(false, sequences.gp_seq);
    opened_with(true, sequences.expedited_seq);
}

void GracePeriodTracker::opened_with(bool expedited, std::uint64_t gp_seq) {
    // The hook at the end of an expedited grace period runs shortly after the end, so a grace period that ended before
    // the recording may have a record in it.
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

// The hook at the start runs shortly after the start, so a grace period that began in the recording may have no record.
void GracePeriodTracker::closed_with(bool expedited, std::uint64_t gp_seq, Nanoseconds end) {
    if (!(gp_seq & rcu_seq_state_mask))
        return;
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
    for (const auto& [counter, at] : requested_)
        if (const auto found = flavor(false).find(counter); found != flavor(false).end())
            grace_periods_[found->second].requested = at;
    sort_by_time(grace_periods_, [](const GracePeriod& row) { return row.start ? *row.start : row.end.value_or(0); });
    for (std::size_t i = 0; i < grace_periods_.size(); i++) {
        GracePeriod& row = grace_periods_[i];
        row.id = static_cast<std::uint32_t>(i + 1);
        flavor(row.expedited)[static_cast<std::uint64_t>(row.gp_seq) >> rcu_seq_ctr_shift] = i;
    }
    return std::move(grace_periods_);
}

std::optional<std::size_t> GracePeriodTracker::find(bool expedited, std::uint64_t counter) const {
    const ByCounter& known = by_counter_[expedited ? 1 : 0];
    const auto found = known.find(counter);
    return found == known.end() ? std::nullopt : std::optional(found->second);
}

} // namespace rcuscope
