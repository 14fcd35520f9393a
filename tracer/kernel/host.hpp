// SPDX-License-Identifier: BSD-2-Clause
//
// What can be said of the running kernel without a probe.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace rcuscope {

std::string kernel_release(); // utsname.release
std::string kernel_machine(); // utsname.machine
// The numbers of all CPUs that may ever be there, rising. There may be holes. None: the kernel's list cannot be read.
// `root` goes before the path.
std::vector<std::uint32_t> possible_cpus(const std::string& root = {});
// CONFIG_HZ, from the resolution of the coarse clock (one tick); 0 if that cannot be read.
std::uint32_t timer_hz();

// Nanoseconds of CLOCK_BOOTTIME, CLOCK_MONOTONIC and CLOCK_REALTIME.
std::uint64_t boottime_ns();
// The same, and nothing that is loaded afterwards is older than that.
std::uint64_t boottime_ns_before();
std::uint64_t monotonic_ns();
std::uint64_t realtime_ns();

// "none", "integrity", "confidentiality"; empty if the kernel has no lockdown.
std::string lockdown_mode();

bool is_root();

// Where tracefs is mounted; fails with ExitCode::cannot_here if nowhere.
Result<std::string> tracefs_path();

// Whether the callbacks of some CPUs are run by kthreads (rcu_nocbs=, nohz_full=): those are there from boot on.
bool offloads_callbacks(const std::string& root = {});

// Whether the timer tick of some CPUs stops while they run a task (nohz_full=).
bool has_tickless_cpus(const std::string& root = {});

// Whether call_rcu() may hold back callbacks that are offloaded (CONFIG_RCU_LAZY, rcutree.enable_rcu_lazy).
bool has_lazy_callbacks();

// Whether the kernel has this trace event.
bool has_trace_event(const std::string& tracefs, std::string_view group, std::string_view name);

struct BtfNames {
    std::set<std::string> functions;
    std::set<std::string> tracepoints;
};

// Which of these are in the kernel's BTF. Fails with ExitCode::cannot_here if it has no BTF.
Result<BtfNames> btf_names_among(const BtfNames& names);

} // namespace rcuscope
