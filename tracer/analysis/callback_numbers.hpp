// SPDX-License-Identifier: BSD-2-Clause
//
// Statistics of callbacks by function, by module and for all. The caller's thread counts each callback; a worker thread
// follows the number of pending ones, which takes as long.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "analysis/backlog.hpp"
#include "analysis/backlog_series.hpp"
#include "analysis/function_index.hpp"
#include "analysis/histogram.hpp"
#include "base/seeded_hash.hpp"
#include "base/worker_queue.hpp"
#include "timeline/latency_breakdown.hpp"
#include "timeline/model.hpp"
#include "timeline/pending_counter.hpp"

namespace rcuscope {

// The name of a function in a row. Both members are empty if no name is known for the address.
struct FunctionName {
    std::string module; // empty: the kernel proper
    std::string function;

    bool operator==(const FunctionName&) const = default;
    bool operator<(const FunctionName& other) const {
        return std::tie(module, function) < std::tie(other.module, other.function);
    }
};

// The callbacks of one function, of one module (`name.function` is empty), or all callbacks (`name` is empty).
struct CallbackStatistics {
    FunctionName name;
    bool named = true;      // false: no name is known for the functions' addresses
    std::size_t queued = 0; // = done + pending + unknown
    std::size_t done = 0;
    std::size_t pending = 0;
    std::size_t unknown = 0;
    std::size_t invoked = 0; // the invocation was recorded; counted in every state
    Histogram latency;       // from queued to invoked
    // The parts of the latency. Only for callbacks whose grace period is known.
    Histogram waiting_for_start;
    Histogram waiting_for_end;
    Histogram waiting_for_invocation;
    Histogram run_time; // from invoked to done
    Backlog backlog;
};

class CallbackNumbers {
public:
    // `flood`: Backlog::exceeded of a function is the time at which more than this many of its callbacks were first
    // pending. `max_points`: of backlogs().
    CallbackNumbers(const Timeline& timeline, std::uint64_t flood, std::size_t max_points);

    // `released_by`: the grace period that released it; nullptr if not known. Callbacks come in order of queueing.
    void take(const Callback& callback, const GracePeriod* released_by) {
        const std::uint32_t function = functions_.of(callback.function);
        if (function == numbers_.size())
            add_function(*callback.function);
        count(callback, released_by, numbers_[function]);
        Item& item = items_.emplace_back();
        item.queued = callback.queued;
        item.invoked = callback.invoked;
        item.function = function;
        item.module = module_of_[function];
        item.series = series_of_[function];
        item.cpu = static_cast<std::uint16_t>(callback.invoked_cpu.value_or(callback.queued_cpu));
        item.state = callback.state;
        if (items_.size() == batch)
            give();
    }

    // Waits for the worker thread. Call it once, after the last callback and before the functions below.
    void finish();

    std::vector<CallbackStatistics> by_function() const; // not sorted
    std::vector<CallbackStatistics> by_module() const;
    CallbackStatistics all() const;

    // The series of all callbacks, then of each module if there are several. Empty without callbacks. Call it once.
    std::vector<BacklogSeries> backlogs();

    // The index numbers the functions; backlog() takes such a number.
    const FunctionIndex& functions() const { return functions_; }
    const Backlog& backlog(std::size_t function) const { return pending_[function].count.backlog(); }

private:
    // The part of a callback that the worker thread needs. It reads no names.
    struct Item {
        Nanoseconds queued = 0;
        CompactOptional<Nanoseconds> invoked;
        std::uint32_t function = 0;
        std::uint32_t module = 0;
        std::uint32_t series = 0;
        std::uint16_t cpu = 0; // where it was invoked; the queueing CPU if it was not
        CallbackState state = CallbackState::unknown;
    };
    static_assert(sizeof(Item) <= 32);
    struct Pending { // of one function
        BacklogCount count;
        std::uint32_t module = 0;
        std::uint32_t series = 0;
    };
    static constexpr std::size_t batch = 8192;
    static constexpr std::size_t batches_waiting = 3;

    void add_function(const CodeLocation& function);
    static void count(const Callback& callback, const GracePeriod* released_by, CallbackStatistics& numbers);
    void give();
    void count_pending(const Item& item);
    // A step of PendingCounter. `group`: twice the number of the function, plus 1 for a callback that stops to count
    // because its invocation may have been lost.
    void step(std::uint32_t group, Nanoseconds at, int change);

    const BacklogCount none_; // the initial value for each function, with the flood limit
    PendingCounter steps_;    // used by the worker thread

    // Used by the caller's thread.
    FunctionIndex functions_;
    std::vector<CallbackStatistics> numbers_; // by function; the backlog is not set
    std::vector<std::uint32_t> module_of_;    // by function
    std::vector<std::uint32_t> series_of_;    // by function
    struct Module {
        bool named = true;
        PooledString name;
    };
    std::vector<Module> modules_;
    std::unordered_map<std::uint64_t, std::uint32_t, SeededHash> module_numbers_; // by the key in add_function()
    std::unordered_map<PooledString, std::uint32_t> series_numbers_;
    std::vector<PooledString> series_names_;
    std::vector<Item> items_;

    // Used by the worker thread until finish() returns.
    std::vector<Pending> pending_; // by function
    std::vector<BacklogCount> module_pending_;
    BacklogCount all_pending_;
    const std::size_t times_per_point_;
    std::vector<BacklogSeriesBuilder> module_series_;
    BacklogSeriesBuilder all_series_;

    WorkerQueue<std::vector<Item>> counting_; // the last member: its thread uses the members above
};

} // namespace rcuscope
