// SPDX-License-Identifier: BSD-2-Clause
//
// The table of hooks: what is to be seen, and by which means, best first.
// Adding a hook, or a way to see one, is adding a row (and its program in bpf/).
#pragma once

#include <span>
#include <string_view>
#include <vector>

namespace rcuscope {

enum class Way {
    tracepoint,     // tracepoints: needs their prototypes in the kernel's BTF
    fentry,         // BPF trampolines (fentry and fexit): needs the function in the kernel's BTF
    kprobe,         // kprobes and kretprobes: needs the function's symbol
    tracefs_kprobe, // kprobe events of tracefs, which can wait for a module that is not there yet
};

// "tracepoint", "fentry", "kprobe", "tracefs-kprobe"
std::string_view to_text(Way way);

struct Program {
    std::string_view name;         // of the BPF program
    std::string_view function;     // of the kernel
    std::string_view tracepoint{}; // of the kernel; neither: attached to the sites of followed modules

    std::string_view place() const { return function.empty() ? tracepoint : function; }
    bool of_kernel() const { return !place().empty(); }
};

struct Alternative {
    Way way;
    std::vector<Program> programs; // all of them are needed
    bool own_cpu_only = false;     // it does not show all where callbacks are offloaded to other CPUs
};

enum class HookScope {
    kernel,         // always wanted
    modules,        // wanted if a module is followed
    read_sites,     // the same, and only preemptible RCU has it
    function_sites, // wanted if a followed module's functions are asked for
};

struct Hook {
    std::string_view name;
    std::string_view shows;   // what is seen with it, for people
    std::string_view without; // what is not known without it
    bool newer_kernels_only;  // a kernel that has none of its functions lacks nothing
    HookScope scope;
    unsigned counter; // its place in the programs' counters (enum rs_counter)
    std::vector<Alternative> alternatives;
};

std::span<const Hook> hook_table();

} // namespace rcuscope
