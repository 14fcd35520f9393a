// SPDX-License-Identifier: BSD-2-Clause
//
// Reads from the running kernel all that the programs and the resolver must know of it, and what keeps a recording
// from being made.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "capture/metadata.hpp"
#include "kernel/kallsyms.hpp"
#include "probes/resolver.hpp"

namespace rcuscope {

// A value is empty, 0 or none where it could not be read: without root, symbols and settings are missing.
struct ThisKernel {
    HostInfo host;
    KernelOffer offer;
    std::string lockdown;               // lockdown_mode()
    std::string tracefs;                // empty if not mounted
    bool lazy_callbacks = false;        // has_lazy_callbacks()
    bool ticks_stop_while_busy = false; // has_tickless_cpus()
    bool switch_tells_state = false;    // the tracepoint sched_switch has the parameter prev_state
    std::optional<Kallsyms> symbols;
    std::uint64_t rcu_state_address = 0;
    std::uint64_t rcu_data_address = 0;
    std::uint64_t per_cpu_offset_address = 0;
    std::uint64_t module_notify_list_address = 0;
    std::uint64_t tick_sched_address = 0; // 0: unknown
    std::uint64_t rcu_tasks_address = 0;  // 0: the kernel has none
    std::uint64_t rcu_tasks_trace_address = 0;
    Kallsyms::Code call_rcu_code;
    Kallsyms::Code rcu_barrier_code;
    Kallsyms::Code delete_module_code;           // the function that calls exit functions
    Kallsyms::Code kernel_code;                  // the kernel's text, without modules
    std::vector<Kallsyms::Code> return_handlers; // trampolines that traced functions return to
    bool too_old = false;                        // lacks what every recording needs
    std::vector<Error> problems;                 // why no recording can be made here; the first cause first
};

ThisKernel look_at_this_kernel();

} // namespace rcuscope
