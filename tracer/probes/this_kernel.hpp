// SPDX-License-Identifier: BSD-2-Clause
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

// The running kernel, as far as it lets itself be looked at.
struct ThisKernel {
    HostInfo host;
    KernelOffer offer;
    std::string lockdown;               // as lockdown_mode()
    std::string tracefs;                // empty if not mounted
    bool lazy_callbacks = false;        // as has_lazy_callbacks()
    bool ticks_stop_while_busy = false; // as has_tickless_cpus()
    std::optional<Kallsyms> symbols;
    std::uint64_t rcu_state_address = 0;
    std::uint64_t rcu_data_address = 0;
    std::uint64_t per_cpu_offset_address = 0;
    std::uint64_t module_notify_list_address = 0;
    std::uint64_t tick_sched_address = 0; // 0: not known
    std::uint64_t rcu_tasks_address = 0;  // 0: it has none
    std::uint64_t rcu_tasks_trace_address = 0;
    Kallsyms::Code call_rcu_code;
    Kallsyms::Code rcu_barrier_code;
    Kallsyms::Code delete_module_code;           // what calls exit functions
    Kallsyms::Code kernel_code;                  // of all functions, without modules
    std::vector<Kallsyms::Code> return_handlers; // where functions return to whose return is traced
    std::vector<Error> problems;                 // what keeps a recording from being made here, the first cause first
};

ThisKernel look_at_this_kernel();

} // namespace rcuscope
