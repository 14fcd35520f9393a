// SPDX-License-Identifier: BSD-2-Clause
//
// What the programs have counted in the kernel (`record --mode summary`), with
// names: no events lie behind it.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace rcuscope {

// Durations in nanoseconds, in the buckets of bpf/summary_layout.h.
struct KernelDurations {
    std::map<std::uint64_t, std::uint64_t> buckets; // by the lowest duration of each, how many
    std::uint64_t sum = 0;
    std::uint64_t shortest = 0; // of none, these are 0
    std::uint64_t longest = 0;
};

struct KernelCallbacks {
    std::string module;          // empty: the kernel proper
    std::string function;        // empty: its name is not known
    std::uint64_t queued = 0;    // while the window was open
    std::uint64_t untimed = 0;   // invoked, and when they were queued is not known: not among the latencies
    std::uint64_t forgotten = 0; // queued, and that was forgotten: if they were seen to be invoked, they are untimed
    KernelDurations latency;     // of all others that were invoked
};

// Of those that began and ended while the window was open.
struct KernelGracePeriods {
    KernelDurations duration;
    std::vector<std::uint64_t> longest; // five, or all there are; the longest first
};

struct KernelSummary {
    std::vector<KernelCallbacks> callbacks; // one for each module and function
    KernelGracePeriods normal;
    KernelGracePeriods expedited;
    std::uint64_t missed = 0; // times that a program was reached and could not run, and what else went by unseen
};

} // namespace rcuscope
