// SPDX-License-Identifier: BSD-2-Clause
#include "probes/this_kernel.hpp"

#include <fstream>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "kernel/host.hpp"
#include "kernel/kernel_btf.hpp"
#include "kernel/settings.hpp"
#include "probes/hooks.hpp"
#include "probes/session.hpp"

namespace rcuscope {

namespace {

void read_symbols(ThisKernel& kernel) {
    auto symbols = Kallsyms::read();
    if (!symbols) {
        kernel.problems.push_back(symbols.error());
        return;
    }
    kernel.symbols = std::move(*symbols);
    kernel.offer.symbol_functions = kernel.symbols->functions_among(functions_named(hook_table()));
    // Exported to modules exactly if the kernel has preemptible RCU; otherwise an inline function.
    kernel.offer.preempt_rcu = kernel.symbols->has_function("__rcu_read_lock");
    // If the kernel has call_rcu_hurry(), it and call_rcu() both jump to this function.
    kernel.call_rcu_code = kernel.symbols->code_of("__call_rcu_common");
    if (!kernel.call_rcu_code.size)
        kernel.call_rcu_code = kernel.symbols->code_of("call_rcu");
    kernel.rcu_barrier_code = kernel.symbols->code_of("rcu_barrier");
    // The compiler may inline the body into the entry of the system call.
    for (auto name : {"__do_sys_delete_module", "__se_sys_delete_module", "__x64_sys_delete_module"})
        if (kernel.delete_module_code = kernel.symbols->code_of(name); kernel.delete_module_code.size)
            break;
    const auto text = kernel.symbols->address_of("_stext");
    const auto end_of_text = kernel.symbols->address_of("_etext");
    if (text && end_of_text && *text < *end_of_text)
        kernel.kernel_code = {*text, *end_of_text - *text};
    for (auto name : {"arch_rethook_trampoline", "__kretprobe_trampoline", "return_to_handler"})
        if (const auto code = kernel.symbols->code_of(name); code.size)
            kernel.return_handlers.push_back(code);
    kernel.tick_sched_address = kernel.symbols->address_of("tick_cpu_sched").value_or(0);
    kernel.rcu_tasks_address = kernel.symbols->address_of("rcu_tasks").value_or(0);
    kernel.rcu_tasks_trace_address = kernel.symbols->address_of("rcu_tasks_trace").value_or(0);
    for (auto [name, address] :
         {std::pair{"rcu_state", &kernel.rcu_state_address}, std::pair{"rcu_data", &kernel.rcu_data_address},
          std::pair{"__per_cpu_offset", &kernel.per_cpu_offset_address},
          std::pair{"module_notify_list", &kernel.module_notify_list_address}}) {
        auto found = kernel.symbols->address_of(name);
        if (found)
            *address = *found;
        else
            kernel.problems.push_back({ExitCode::cannot_here, "cannot find the kernel's variable " + std::string(name),
                                       "kallsyms does not list it",
                                       "rcuscope needs a kernel with CONFIG_KALLSYMS_ALL=y"});
    }
}

// Those of the functions that ftrace does not list. An inline function that the compiler puts out of line is one: with
// CONFIG_RCU_LAZY=n, call_rcu_hurry() is inline.
std::set<std::string> untraceable_of(std::set<std::string> functions, const std::string& tracefs) {
    std::ifstream list(tracefs + "/available_filter_functions");
    bool listed = false;
    for (std::string line; std::getline(list, line); listed = true)
        functions.erase(line.substr(0, line.find(' ')));
    return listed ? std::move(functions) : std::set<std::string>();
}

// All helpers that the programs call exist since Linux 5.17, commit e6f2dd0f8067 ("bpf: Add bpf_loop helper").
void read_types(ThisKernel& kernel, const KernelBtf& types, const std::map<std::string, ProgramNeeds>& needs) {
    // The tracer's data, preempt, prev, next, prev_state.
    constexpr std::size_t switch_parameters_with_state = 5;
    read_types(kernel.offer, types, needs);
    kernel.switch_tells_state = types.tracepoint_parameters("sched_switch") >= switch_parameters_with_state;
    std::set<std::int32_t> helpers;
    for (const auto& [program, need] : needs)
        helpers.insert(need.helpers.begin(), need.helpers.end());
    std::string lacking;
    for (const std::int32_t helper : helpers)
        if (!types.has_helper(helper))
            lacking += (lacking.empty() ? "" : ", ") + std::string(helper_name(helper)) + "()";
    kernel.too_old = !lacking.empty();
    if (kernel.too_old)
        kernel.problems.push_back({ExitCode::cannot_here, "cannot record on kernel " + kernel.host.kernel,
                                   "it is too old: BPF programs cannot call " + lacking, "use Linux 5.17 or newer"});
}

void read_types_of_this_kernel(ThisKernel& kernel) {
    const auto types = KernelBtf::of_this_kernel();
    const auto needs = needs_of_programs();
    if (!types)
        kernel.problems.push_back(types.error());
    else if (!needs)
        kernel.problems.push_back(needs.error());
    else
        read_types(kernel, *types, *needs);
}

} // namespace

ThisKernel look_at_this_kernel() {
    ThisKernel kernel;
    kernel.host.kernel = kernel_release();
    kernel.host.machine = kernel_machine();
    if (const auto cpus = possible_cpus(); !cpus.empty())
        kernel.host.cpus = cpus.back() + 1;
    else
        kernel.problems.push_back({ExitCode::cannot_here, "cannot determine this machine's CPUs",
                                   "there is no readable /sys/devices/system/cpu/possible",
                                   "mount it: mount -t sysfs sysfs /sys"});
    kernel.host.hz = timer_hz();
    kernel.host.clock = "boottime";
    kernel.lockdown = lockdown_mode();
    if (!is_root())
        kernel.problems.push_back(
            {ExitCode::cannot_here, "cannot place probes in the kernel", "not running as root", "run it with sudo"});
    if (kernel.lockdown == "confidentiality")
        kernel.problems.push_back(
            {ExitCode::cannot_here, "cannot place probes in the kernel",
             "the kernel is locked down (lockdown=confidentiality)",
             "boot with lockdown=integrity or none; with secure boot, that is the firmware's setting"});
    read_types_of_this_kernel(kernel);
    kernel.offer.offloads = offloads_callbacks();
    kernel.ticks_stop_while_busy = has_tickless_cpus();
    kernel.lazy_callbacks = has_lazy_callbacks();
    // Without root, what follows would only report the missing privilege again.
    if (!is_root())
        return kernel;
    read_symbols(kernel);
    auto tracefs = tracefs_path();
    if (tracefs) {
        kernel.tracefs = *tracefs;
        kernel.offer.kprobe_events = true;
        kernel.offer.untraceable = untraceable_of(kernel.offer.symbol_functions, *tracefs);
        kernel.host.rcu_trace = has_trace_event(*tracefs, "rcu", "rcu_grace_period");
    }
    kernel.host.preempt_rcu = kernel.offer.preempt_rcu;
    kernel.host.settings = read_settings(!kernel.symbols || kernel.symbols->has_function("resched_curr_lazy"));
    if (const auto model = kernel.host.settings.find("preemption"); model != kernel.host.settings.end())
        kernel.offer.preemption = model->second;
    return kernel;
}

} // namespace rcuscope
