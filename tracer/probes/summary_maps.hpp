// SPDX-License-Identifier: BSD-2-Clause
//
// Reads the numbers that the BPF programs count in the kernel (bpf/summary.h) from the programs' maps. A slot is the
// index of a callback function in these maps.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "capture/kernel_summary.hpp"
#include "probes/ring.hpp"
#include "summary_layout.h"

namespace rcuscope {

// Numbers of followed callbacks since the start.
struct CallbackCounts {
    std::uint64_t queued = 0;
    std::uint64_t done = 0; // includes those that RCU's lists lost because their rcu_head was queued again
};

// The sizes of the programs' maps.
struct SummarySizes {
    std::uint32_t pending = 0; // callbacks that can be queued on a CPU at once; a power of two
    std::uint32_t slots = 0;   // functions, and one for callbacks whose function has no slot
    std::uint32_t copies = 0;  // copies of all buckets, which CPUs share; a power of two

    // `whole_system`: functions of the whole system, not only of followed modules. Buckets take 64 MiB at most.
    static SummarySizes for_cpus(std::uint32_t cpus, std::uint32_t pending, bool whole_system);
};

struct SummaryFunction {
    rs_function function{};
    std::uint32_t slot = 0;
};

// A code section of a followed module, and its offset from the beginning of the module's code.
struct SummarySection {
    rs_section section{};
    std::uint64_t offset = 0;
};

class SummaryMaps {
public:
    struct Descriptors {
        int functions = -1;
        int sections = -1;
        int pending = -1;
        int tallies = -1;
        int buckets = -1;
        int periods = -1;
    };
    // Pointers into the programs' data, valid until the programs are unloaded.
    struct Shared {
        volatile std::uint32_t* open = nullptr;
        std::uint32_t* epoch = nullptr;
        const volatile std::uint32_t* slots_used = nullptr;
        std::span<rs_summary_cpu> cpus;
    };

    // Call before the programs run: sets up the rings of pending callbacks.
    static Result<SummaryMaps> map(const Descriptors& descriptors, const Shared& shared, const SummarySizes& room);
    // The programs count only while the window is open.
    void open_window() { set_window(1); }
    void close_window() { set_window(0); }

    // The number of functions seen so far. A function keeps its slot.
    std::uint32_t functions_seen() const { return *shared_.slots_used; }
    std::vector<SummaryFunction> functions() const;
    std::vector<SummarySection> sections() const;

    CallbackCounts counts() const; // of all functions; a callback is done when it is invoked
    // Call when no program runs any longer. Indexed by slot.
    Result<std::vector<KernelCallbacks>> callbacks() const;
    Result<KernelGracePeriods> grace_periods(bool expedited) const;

private:
    SummaryMaps(const Descriptors& descriptors, const Shared& shared, const SummarySizes& room, MappedMemory pending,
                MappedMemory tallies)
        : descriptors_(descriptors), shared_(shared), room_(room), pending_(std::move(pending)),
          tallies_(std::move(tallies)) {}

    void set_window(std::uint32_t open);
    std::uint32_t slots() const;              // slots in use
    rs_tally tally(std::uint32_t slot) const; // sum over all CPUs
    std::vector<std::uint64_t> held() const;  // by slot: callbacks that are still in the rings
    Result<KernelCallbacks> callbacks(std::uint32_t slot, std::uint64_t held) const;

    Descriptors descriptors_;
    Shared shared_;
    SummarySizes room_;
    MappedMemory pending_; // rs_pending, grouped by CPU
    MappedMemory tallies_; // rs_tally of each slot, grouped by CPU
};

} // namespace rcuscope
