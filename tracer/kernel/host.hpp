// SPDX-License-Identifier: BSD-2-Clause
//
// Properties of the running kernel that are available without a probe. Where a function takes `root`, that goes before
// every path.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace rcuscope {

std::string kernel_release(); // utsname.release
std::string kernel_machine(); // utsname.machine
// The numbers of all CPUs that may ever exist, ascending, possibly with holes. Empty if the kernel's list cannot be
// read.
std::vector<std::uint32_t> possible_cpus(const std::string& root = {});
// CONFIG_HZ, from the resolution of the coarse clock (one tick); 0 if that cannot be read.
std::uint32_t timer_hz();

// Nanoseconds of CLOCK_BOOTTIME, CLOCK_MONOTONIC and CLOCK_REALTIME.
std::uint64_t boottime_ns();
// Like boottime_ns(), with a load barrier: values that are loaded afterwards are not older than the returned time.
std::uint64_t boottime_ns_before();
std::uint64_t monotonic_ns();
std::uint64_t realtime_ns();

// "none", "integrity" or "confidentiality"; empty if the kernel has no lockdown.
std::string lockdown_mode();

bool is_root();

// Where tracefs is mounted. Fails with ExitCode::cannot_here if it is not.
Result<std::string> tracefs_path();

// Whether kthreads run the callbacks of some CPUs (rcu_nocbs=, nohz_full=). These kthreads exist from boot on.
bool offloads_callbacks(const std::string& root = {});

// Whether the timer tick of some CPUs stops while they run a task (nohz_full=).
bool has_tickless_cpus(const std::string& root = {});

// Whether call_rcu() may delay offloaded callbacks (CONFIG_RCU_LAZY, rcutree.enable_rcu_lazy).
bool has_lazy_callbacks();

// Whether the kernel has this trace event.
bool has_trace_event(const std::string& tracefs, std::string_view group, std::string_view name);

} // namespace rcuscope
