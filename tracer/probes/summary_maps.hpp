// SPDX-License-Identifier: BSD-2-Clause
//
// What the programs count in the kernel (bpf/summary.h), as it stands in their
// maps.
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

// Callbacks that are followed, since the start.
struct CallbackCounts {
    std::uint64_t queued = 0;
    std::uint64_t done = 0; // or lost from RCU's lists, since their heads were queued again
};

// How much room the programs get.
struct SummaryRoom {
    std::uint32_t pending = 0; // callbacks that are queued on a CPU at once; a power of two
    std::uint32_t slots = 0;   // functions, and one for those that have none
    std::uint32_t copies = 0;  // of all buckets, that CPUs share; a power of two

    // `whole_system`: not only the functions of followed modules. Buckets take 64 MiB at most.
    static SummaryRoom for_cpus(std::uint32_t cpus, std::uint32_t pending, bool whole_system);
};

struct SummaryFunction {
    rs_function function{};
    std::uint32_t slot = 0;
};

// A section of a followed module, and the offset in its code at which it begins.
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
    // All as they are mapped from the programs, until these are unloaded.
    struct Shared {
        volatile std::uint32_t* open = nullptr;
        std::uint32_t* epoch = nullptr;
        const volatile std::uint32_t* slots_used = nullptr;
        std::span<rs_summary_cpu> cpus;
    };

    // Before the programs run.
    static Result<SummaryMaps> map(const Descriptors& descriptors, const Shared& shared, const SummaryRoom& room);
    // Nothing counts while the window is closed.
    void open_window() { set_window(1); }
    void close_window() { set_window(0); }

    // How many functions were seen so far; each keeps its slot.
    std::uint32_t functions_seen() const { return *shared_.slots_used; }
    std::vector<SummaryFunction> functions() const;
    std::vector<SummarySection> sections() const;

    CallbackCounts counts() const; // of all functions; "done" is invoked here
    // When no program runs any longer; by slot.
    Result<std::vector<KernelCallbacks>> callbacks() const;
    Result<KernelGracePeriods> grace_periods(bool expedited) const;

private:
    SummaryMaps(const Descriptors& descriptors, const Shared& shared, const SummaryRoom& room, MappedMemory pending,
                MappedMemory tallies)
        : descriptors_(descriptors), shared_(shared), room_(room), pending_(std::move(pending)),
          tallies_(std::move(tallies)) {}

    void set_window(std::uint32_t open);
    std::uint32_t slots() const;              // that may be taken
    rs_tally tally(std::uint32_t slot) const; // of all CPUs together
    std::vector<std::uint64_t> held() const;  // by slot: those that are still in the rings
    Result<KernelCallbacks> callbacks(std::uint32_t slot, std::uint64_t held) const;

    Descriptors descriptors_;
    Shared shared_;
    SummaryRoom room_;
    MappedMemory pending_; // rs_pending, CPU by CPU
    MappedMemory tallies_; // rs_tally of each slot, CPU by CPU
};

} // namespace rcuscope
