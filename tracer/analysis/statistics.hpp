// SPDX-License-Identifier: BSD-2-Clause
//
// A timeline in numbers: the one place where they are made. Rows are by count,
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
    static constexpr std::size_t most_longest = 5;

    std::size_t count = 0;
    std::size_t ended = 0;            // seen to end
    Histogram duration;               // of those seen to start and to end
    std::vector<std::size_t> longest; // of those at most most_longest, longest first: places in Timeline::grace_periods
};

// The read-side critical sections that begin in one function, or that are its calls.
struct ReadSectionStatistics {
    FunctionName name;
    SectionBy by = SectionBy::rcu_read_lock;
    std::size_t count = 0;
    std::size_t never_ended = 0;        // left open for good
    std::size_t ends_unseen = 0;        // had ended when their tasks did, at a place that has no probe
    std::size_t open = 0;               // no end was seen until the recording ended
    Histogram duration;                 // of those seen to end
    std::optional<std::size_t> longest; // of those, its index in Timeline::read_sections
};

// What one function waited for.
struct WaitStatistics {
    event::WaitKind kind = event::WaitKind::synchronize_rcu;
    FunctionName caller;
    std::size_t count = 0;
    Histogram duration; // of those seen to end; its sum is the time lost there
};

// Calls of kvfree_rcu() and kfree_rcu() in one function.
struct KvfreeStatistics {
    FunctionName caller;
    std::size_t count = 0;
    std::size_t headless = 0; // of these
};

struct ModuleStatistics {
    std::string name;
    bool followed = false;
    std::size_t lives = 0; // how often it was loaded
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
    std::uint64_t lost = 0;   // records, on all CPUs
    std::uint64_t missed = 0; // times that a probe was reached and could not run
};

// `callbacks`: all of them, those in the timeline among them.
Statistics statistics_of(const Timeline& timeline, const CallbackNumbers& callbacks);
// All callbacks are in the timeline.
Statistics statistics_of(const Timeline& timeline);

} // namespace rcuscope
