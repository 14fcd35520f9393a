// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "capture/event.hpp"
#include "timeline/model.hpp"

namespace rcuscope {

// kernel/rcu/rcu.h: a gp_seq is (counter << RCU_SEQ_CTR_SHIFT) | state.
inline constexpr unsigned rcu_seq_ctr_shift = 2;
inline constexpr std::uint64_t rcu_seq_state_mask = 3;

// The counter of the grace period whose end makes gp_seq reach `done`. Wraps like the kernel's.
inline std::uint64_t counter_released_by(std::uint64_t done) {
    return (done - (std::uint64_t{1} << rcu_seq_ctr_shift)) >> rcu_seq_ctr_shift;
}

// gp_seq wraps, so only differences can be compared (ULONG_CMP_LT).
inline bool seq_later(std::uint64_t a, std::uint64_t b) {
    return static_cast<std::int64_t>(a - b) > 0;
}

class GracePeriodTracker {
public:
    void started(Nanoseconds at, MaybeTime since, const event::GpStart& start);
    void ended(Nanoseconds at, const event::GpEnd& end);
    // One of which nothing else was seen is left out: it had ended before the recording.
    void cleaned(Nanoseconds at, const event::GpCleaned& cleaned);

    void requested(Nanoseconds at, const event::GpRequested& requested);
    void quiescent(Nanoseconds at, const event::GpQuiescent& quiescent);
    void scanned(Nanoseconds at, const event::GpScan& scan);
    void blocked(Nanoseconds at, const event::GpBlocked& blocked);
    void busy(bool expedited, std::uint64_t gp_seq, BusyCpu cpu);

    // What the kernel's own sequences say of the grace periods that were in progress when the recording opened and
    // closed, whose hooks ran before and after. In this order, when everything has been taken.
    void opened(const RcuSequences& sequences);
    void closed(const RcuSequences& sequences, Nanoseconds end);

    // Sorted, with their ids. Afterwards find_normal() knows their places.
    std::vector<GracePeriod> finish();

    // The index in finish()'s list of the normal grace period with this counter.
    std::optional<std::size_t> find_normal(std::uint64_t counter) const;

private:
    using ByCounter = std::unordered_map<std::uint64_t, std::size_t>;

    ByCounter& flavor(bool expedited) { return by_counter_[expedited ? 1 : 0]; }
    GracePeriod& entry(bool expedited, std::uint64_t gp_seq);
    void opened_with(bool expedited, std::uint64_t gp_seq);
    void closed_with(bool expedited, std::uint64_t gp_seq, Nanoseconds end);

    std::vector<GracePeriod> grace_periods_;
    std::array<ByCounter, 2> by_counter_;
    std::unordered_map<std::uint64_t, Nanoseconds> requested_; // by counter: it may never start
};

} // namespace rcuscope
