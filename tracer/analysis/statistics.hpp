// SPDX-License-Identifier: BSD-2-Clause
//
// A timeline in numbers. Rows are by count, greatest first, then by name.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "analysis/distribution.hpp"
#include "timeline/model.hpp"

namespace rcuscope {

struct GracePeriodStatistics {
    std::size_t count = 0;
    std::size_t ended = 0; // seen to end
    Distribution duration; // of those seen to start and to end
};

// A function as rows name it. Both are empty if no name is known for the address.
struct FunctionName {
    std::string module; // empty: the kernel proper
    std::string function;

    bool operator==(const FunctionName&) const = default;
    bool operator<(const FunctionName& other) const {
        return std::tie(module, function) < std::tie(other.module, other.function);
    }
};

// The callbacks of one function.
struct CallbackStatistics {
    FunctionName name;
    std::size_t queued = 0; // = done + pending + unknown
    std::size_t done = 0;
    std::size_t pending = 0;
    std::size_t unknown = 0;
    Distribution latency;  // from queued to invoked
    Distribution run_time; // from invoked to done
};

// The read-side critical sections that begin in one function, or that are its calls.
struct ReadSectionStatistics {
    FunctionName name;
    SectionBy by = SectionBy::rcu_read_lock;
    std::size_t count = 0;
    Distribution duration;              // of those seen to end
    std::optional<std::size_t> longest; // of those, its index in Timeline::read_sections
};

// What one function waited for.
struct WaitStatistics {
    event::WaitKind kind = event::WaitKind::synchronize_rcu;
    FunctionName caller;
    std::size_t count = 0;
    Distribution duration; // of those seen to end
};

struct ModuleStatistics {
    std::string name;
    bool followed = false;
    std::size_t lives = 0; // how often it was loaded
};

struct Summary {
    GracePeriodStatistics normal;
    GracePeriodStatistics expedited;
    std::vector<CallbackStatistics> callbacks;
    std::vector<ReadSectionStatistics> read_sections;
    std::vector<WaitStatistics> waits;
    std::vector<ModuleStatistics> modules;
    std::size_t function_calls = 0;
    std::size_t batches = 0;
    std::uint64_t lost = 0; // records, on all CPUs
};

Summary summarize(const Timeline& timeline);

} // namespace rcuscope
