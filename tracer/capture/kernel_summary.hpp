// SPDX-License-Identifier: BSD-2-Clause
//
// The numbers that the BPF programs count in the kernel (`record --mode summary`), with the names of the functions. No
// events are recorded in this mode. Times are nanoseconds. The window is the time in which the programs count.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace rcuscope {

// A histogram of durations in the buckets of bpf/summary_layout.h.
struct KernelDurations {
    std::map<std::uint64_t, std::uint64_t> buckets; // number of durations, by the lowest duration of the bucket
    std::uint64_t sum = 0;
    std::uint64_t shortest = 0; // 0 if there are no durations, as `longest`
    std::uint64_t longest = 0;
};

struct KernelCallbacks {
    std::string module;          // empty: the kernel proper
    std::string function;        // empty: unknown name
    std::uint64_t queued = 0;    // in the window
    std::uint64_t untimed = 0;   // invoked, without a latency because the time of queueing is unknown
    std::uint64_t forgotten = 0; // queued, but the time was dropped; untimed once their invocation is seen
    KernelDurations latency;     // from queueing to invocation, of the others that were invoked
};

// Grace periods that began and ended in the window.
struct KernelGracePeriods {
    KernelDurations duration;
    std::vector<std::uint64_t> longest; // the five longest, or all if fewer; the longest first
};

struct KernelSummary {
    std::vector<KernelCallbacks> callbacks; // one for each module and function
    KernelGracePeriods normal;
    KernelGracePeriods expedited;
    std::uint64_t missed = 0; // runs of programs that the kernel skipped, and other events that were not counted
};

} // namespace rcuscope
