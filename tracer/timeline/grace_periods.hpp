// SPDX-License-Identifier: BSD-2-Clause
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

    // Until finish(): what was seen, in the order in which it was.
    const std::vector<GracePeriod>& so_far() const { return grace_periods_; }

    // Grows whenever a row of so_far() may have changed.
    std::uint64_t changes() const { return changes_; }

    // The index in so_far(), then in finish()'s list, of the normal grace period with this counter.
    std::optional<std::size_t> find_normal(std::uint64_t counter) const;

private:
    using ByCounter = std::unordered_map<std::uint64_t, std::size_t, SeededHash>;

    // The CPUs whose quiescent states of one grace period came in: at most max_cpus, in words of 64.
    class Reported {
    public:
        // Adds those of `mask`, whose lowest bit is first_cpu; returns which of the 64 had reported before.
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
    std::vector<Reported> reported_; // of each, in the order in which they were seen
    std::uint64_t changes_ = 0;
    std::array<ByCounter, 2> by_counter_;
    std::unordered_map<std::uint64_t, Nanoseconds, SeededHash> requested_; // by counter: it may never start
};

} // namespace rcuscope
