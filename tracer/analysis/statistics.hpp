// SPDX-License-Identifier: BSD-2-Clause
//
// The statistics of a timeline. Reports, digests and the summary all use these numbers. Rows are sorted by count,
// greatest first, then by name.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "analysis/callback_numbers.hpp"
#include "analysis/histogram.hpp"
#include "timeline/model.hpp"

namespace rcuscope {

struct GracePeriodStatistics {
    static constexpr std::size_t max_longest = 5;

    std::size_t count = 0;
    std::size_t ended = 0;            // the end was seen
    Histogram duration;               // of those whose start and end were seen
    std::vector<std::size_t> longest; // at most max_longest of these, longest first: indexes in Timeline::grace_periods
};

// The read-side critical sections that begin in one function, or the calls of a function that is a reader.
struct ReadSectionStatistics {
    FunctionName name;
    SectionBy by = SectionBy::rcu_read_lock;
    std::size_t count = 0;
    std::size_t never_ended = 0;        // left open (hazard reader-never-ended)
    std::size_t ends_unseen = 0;        // ended before their tasks did, at a location that has no probe
    std::size_t open = 0;               // no end was seen before the recording ended
    Histogram duration;                 // of those whose end was seen
    std::optional<std::size_t> longest; // the longest of those: index in Timeline::read_sections
};

// The waits of one kind that one function called.
struct WaitStatistics {
    event::WaitKind kind = event::WaitKind::synchronize_rcu;
    FunctionName caller;
    std::size_t count = 0;
    Histogram duration; // of those whose end was seen; its sum is the time lost in this function
};

// Calls of kvfree_rcu() and kfree_rcu() in one function.
struct KvfreeStatistics {
    FunctionName caller;
    std::size_t count = 0;
    std::size_t headless = 0; // those without an rcu_head
};

struct ModuleStatistics {
    std::string name;
    bool followed = false;
    std::size_t lives = 0; // the number of its lives in the timeline
};

struct Statistics {
    GracePeriodStatistics normal;
    GracePeriodStatistics expedited;
    CallbackStatistics all_callbacks;
    std::vector<CallbackStatistics> callback_modules;
    std::vector<CallbackStatistics> callbacks; // by function
    std::vector<ReadSectionStatistics> read_sections;
    std::vector<WaitStatistics> waits;
    std::vector<KvfreeStatistics> kvfree_calls;
    std::vector<ModuleStatistics> modules;
    std::size_t function_calls = 0;
    std::size_t batches = 0;
    // Observations that are missing: records that could not be delivered, and runs of programs that the kernel skipped.
    std::uint64_t lost() const { return lost_records + skipped_runs; }
    std::uint64_t lost_records = 0; // on all CPUs
    std::uint64_t skipped_runs = 0; // of programs: lost_runs()
};

// `callbacks` has counted all callbacks of the timeline.
Statistics statistics_of(const Timeline& timeline, const CallbackNumbers& callbacks);

} // namespace rcuscope
