// SPDX-License-Identifier: BSD-2-Clause
//
// Follows grace periods, normal and expedited. gp_seq: the kernel's sequence value; its counter (capture/gp_seq.hpp) is
// the key of a grace period.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "base/seeded_hash.hpp"
#include "capture/event.hpp"
#include "capture/gp_seq.hpp"
#include "timeline/model.hpp"

namespace rcuscope {

class GracePeriodTracker {
public:
    void started(Nanoseconds at, MaybeTime since, const event::GpStart& start);
    void ended(Nanoseconds at, const event::GpEnd& end);
    // Ignored for a grace period without any other record: it ended before the recording.
    void cleaned(Nanoseconds at, const event::GpCleaned& cleaned);

    void requested(Nanoseconds at, const event::GpRequested& requested);
    void quiescent(Nanoseconds at, const event::GpQuiescent& quiescent);
    void scanned(Nanoseconds at, const event::GpScan& scan);
    void blocked(Nanoseconds at, const event::GpBlocked& blocked);
    void busy(bool expedited, std::uint64_t gp_seq, BusyCpu cpu);

    // Adds the grace periods that the kernel's own sequences show in progress at the recording's start and end: the
    // hooks of their starts and ends may have run outside of it. Call in this order, after all events.
    void opened(const RcuSequences& sequences);
    void closed(const RcuSequences& sequences, Nanoseconds end);

    // Sorted by time, with ids. Afterwards find() returns indices into the result.
    std::vector<GracePeriod> finish();

    // Only before finish(): the grace periods in order of first sight.
    const std::vector<GracePeriod>& so_far() const { return grace_periods_; }

    // Increases whenever a row of so_far() may have changed.
    std::uint64_t changes() const { return changes_; }

    // Index in so_far(), or after finish() in its result, of the grace period with this counter.
    std::optional<std::size_t> find(bool expedited, std::uint64_t counter) const;

private:
    using ByCounter = std::unordered_map<std::uint64_t, std::size_t, SeededHash>;

    // Set of the CPUs that reported a quiescent state for one grace period: at most max_cpus, in words of 64 bits.
    class Reported {
    public:
        // Adds the CPUs of `mask`, whose bit 0 is first_cpu. Returns which of these 64 CPUs had reported before.
        std::uint64_t exchange(std::uint32_t first_cpu, std::uint64_t mask);

    private:
        struct Word {
            std::uint32_t number = 0;
            std::uint64_t cpus = 0;
        };
        std::uint64_t* find(std::uint32_t number);

        std::vector<Word> words_;
    };

    ByCounter& flavor(bool expedited) { return by_counter_[expedited ? 1 : 0]; }
    GracePeriod& entry(bool expedited, std::uint64_t gp_seq);
    void opened_with(bool expedited, std::uint64_t gp_seq);
    void closed_with(bool expedited, std::uint64_t gp_seq, Nanoseconds end);

    std::vector<GracePeriod> grace_periods_;
    std::vector<Reported> reported_; // by index in so_far()
    std::uint64_t changes_ = 0;
    std::array<ByCounter, 2> by_counter_;
    std::unordered_map<std::uint64_t, Nanoseconds, SeededHash>
        requested_; // by counter; a requested one may never start
};

} // namespace rcuscope
