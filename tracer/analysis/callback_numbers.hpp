// SPDX-License-Identifier: BSD-2-Clause
//
// Statistics of callbacks by function, by module and for all. Each callback is counted once, whether it comes from a
// finished timeline or is taken while a timeline is built. The caller fills batches; a worker thread counts them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "analysis/backlog.hpp"
#include "analysis/function_index.hpp"
#include "analysis/histogram.hpp"
#include "base/seeded_hash.hpp"
#include "base/worker_queue.hpp"
#include "timeline/callback_sink.hpp"
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

// When, where and by which task a callback was queued.
struct Queueing {
    Nanoseconds at = 0;
    PooledLocation function{};
    PooledLocation caller{};
    std::uint16_t cpu = 0;
    PooledString comm{};
    QueueContext in = QueueContext::unknown;

    static Queueing of(const Callback& callback) {
        return {.at = callback.queued,
                .function = callback.function,
                .caller = callback.caller,
                .cpu = callback.queued_cpu,
                .comm = callback.queued_comm,
                .in = callback.queued_in};
    }
};

class CallbackNumbers final : public CallbackSink {
public:
    // `losses`: those of the recording. `flood`: Backlog::exceeded of a function is the time at which more than this
    // many of its callbacks were first pending.
    explicit CallbackNumbers(const std::vector<Loss>& losses,
                             std::uint64_t flood = std::numeric_limits<std::uint64_t>::max());

    void take(const Callback& callback, const GracePeriod* released_by, bool kept) override;
    void released(const Callback& callback, const GracePeriod& by) override;
    // Takes all callbacks of a timeline. None of them may have been taken before.
    void take_all(const Timeline& timeline);

    // Waits for the worker thread. Call it once, after the last callback and before the functions below.
    void finish() {
        counting_.give(items_);
        counting_.finish();
    }

    std::vector<CallbackStatistics> by_function() const; // not sorted
    std::vector<CallbackStatistics> by_module() const;
    CallbackStatistics all() const;

    // The index numbers the functions; backlog() takes such a number.
    const FunctionIndex& functions() const { return functions_; }
    const Backlog& backlog(std::size_t function) const { return rows_[function].pending.backlog(); }

    // Callbacks that are done and that the timeline does not keep (take() with kept = false).
    struct Passed {
        std::size_t count = 0;
        CompactOptional<Nanoseconds> last_done{};
        Queueing newest{}; // of the callback that was queued last
    };
    std::unordered_map<PooledString, Passed> passed() const; // by module; only modules that have some
    // The number of such callbacks by the module that queued them, if their function belongs to another module, and by
    // this function.
    struct OthersFunction {
        PooledLocation function{};
        std::size_t count = 0;
    };
    using OthersFunctions = std::unordered_map<std::uint32_t, OthersFunction, SeededHash>; // by PooledLocation::id()
    const std::unordered_map<PooledString, OthersFunctions>& passed_with_others() const { return passed_with_others_; }

private:
    // One callback as the worker thread gets it. The worker thread reads no names. An item fits into a cache line,
    // since every item moves from one processor to another.
    struct Item {
        Nanoseconds queued = 0;
        CompactOptional<Nanoseconds> invoked;
        CompactOptional<Nanoseconds> done;
        CompactOptional<Nanoseconds> started; // start of the grace period that released it
        CompactOptional<Nanoseconds> ended;   // end of that grace period
        std::uint32_t function = 0;
        std::uint32_t module = 0;
        std::uint16_t cpu = 0; // where it was invoked; the queueing CPU if it was not
        CallbackState state = CallbackState::unknown;
        bool kept = false;
        bool only_shares = false; // count only the parts of the latency: the callback itself was counted before
    };
    static_assert(sizeof(Item) <= 64);
    struct Row { // one function
        CallbackStatistics numbers;
        BacklogCount pending;
        Passed passed;
        std::uint32_t module = 0;
    };
    static constexpr std::size_t batch = 8192;
    static constexpr std::size_t batches_waiting = 3;

    std::uint32_t number_module(const CodeLocation& function);
    void pass(const Callback& callback);
    void add(const Callback& callback, const GracePeriod* released_by, bool kept, bool only_shares) {
        const std::uint32_t function = functions_.of(callback.function);
        if (function == module_of_.size())
            module_of_.push_back(number_module(*callback.function));
        Item& item = items_.emplace_back();
        item.queued = callback.queued;
        item.invoked = callback.invoked;
        item.done = callback.done;
        if (released_by != nullptr) {
            item.started = released_by->start;
            item.ended = released_by->end;
        }
        item.function = function;
        item.module = module_of_[function];
        item.cpu = static_cast<std::uint16_t>(callback.invoked_cpu.value_or(callback.queued_cpu));
        item.state = callback.state;
        item.kept = kept;
        item.only_shares = only_shares;
        if (items_.size() == batch)
            give();
    }
    void give();
    void count(std::vector<Item>& items);
    void count(const Item& item);
    static void count_shares(const Item& item, CallbackStatistics& numbers);

    const BacklogCount none_; // the initial value for each function, with the flood limit
    PendingCounter steps_;    // used by the worker thread

    // Used by the caller's thread.
    FunctionIndex functions_;
    std::vector<std::uint32_t> module_of_; // by function
    struct Module {
        bool named = true;
        PooledString name;
    };
    std::vector<Module> modules_;
    std::unordered_map<std::uint64_t, std::uint32_t, SeededHash> module_numbers_; // by the key of number_module()
    std::vector<Item> items_;
    std::unordered_map<PooledString, Queueing> newest_passed_;
    std::unordered_map<PooledString, OthersFunctions> passed_with_others_;

    // Used by the worker thread until finish() returns.
    std::vector<Row> rows_; // by function
    std::vector<BacklogCount> module_pending_;
    BacklogCount all_pending_;

    WorkerQueue<std::vector<Item>> counting_; // the last member: its thread uses the members above
};

} // namespace rcuscope
