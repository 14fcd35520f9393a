// SPDX-License-Identifier: BSD-2-Clause
//
// The table of hooks, generated from bpf/hook_list.h. A hook is one kind of observation; it lists alternative ways to
// make it, best first.
#pragma once

#include <span>
#include <string_view>
#include <vector>

namespace rcuscope {

// Best first. The reasons for the order:
// - The kernel does not run a fentry program on a CPU while the same program already runs there. While a task is
//   preempted or interrupted in the program, the program therefore misses other calls on that CPU (the kernel counts
//   these). RCU's tracepoints mostly fire with interrupts off, so they miss nothing. That holds even in newer kernels,
//   which may preempt programs of tracepoints.
// - Tracepoints show the exact moment. fentry only knows that it lies between the entry and the return of a function:
//   between the entry of call_rcu() and the insertion into the list, an interrupt may assign the callbacks on the list
//   to a grace period, or the task may migrate.
// - Misses of kprobes are not counted (bpf/missed_kprobes.h).
// On a kernel that preempts tasks a hook of preemptible functions takes kprobes before fentry: a kprobe's program runs
// with preemption off, so that it hides nothing from other tasks.
enum class Way {
    tracepoint,     // tracepoints: needs their prototypes in the kernel's BTF
    fentry,         // fentry and fexit (BPF trampolines): needs the function in the kernel's BTF
    kprobe,         // kprobes and kretprobes: needs the function's symbol
    tracefs_kprobe, // kprobe events of tracefs: can wait for a module that is not loaded yet
};

// "tracepoint", "fentry", "kprobe", "tracefs-kprobe"
std::string_view to_text(Way way);

struct Program {
    std::string_view name;         // name of the BPF program
    std::string_view function;     // kernel function that it is attached to
    std::string_view tracepoint{}; // or kernel tracepoint; if both are empty: the sites of followed modules
    std::string_view
        parameters{};          // of the function, as hook_list.h has them: "(int user)"; "()" or empty: none is read
    std::string_view result{}; // of the function, likewise

    std::string_view place() const { return function.empty() ? tracepoint : function; }
    bool of_kernel() const { return !place().empty(); }
};

struct Alternative {
    Way way;
    std::vector<Program> programs; // the alternative needs all of them
    bool own_cpu_only = false;     // incomplete where callbacks are offloaded to other CPUs
};

enum class HookScope {
    kernel,         // always needed
    modules,        // needed if a module is followed
    read_sites,     // needed if a module is followed; only preemptible RCU has it
    function_sites, // needed if the user asks for functions of a followed module
};

struct Hook {
    std::string_view name;
    std::string_view shows;   // for the user: the observation
    std::string_view without; // for the user: what a recording lacks without it
    bool newer_kernels_only;  // a kernel without its functions does not need the hook
    bool preemptible;         // tasks call its functions all the time and can be preempted in them
    HookScope scope;
    unsigned counter; // its index in the programs' counters (enum rs_counter)
    std::vector<Alternative> alternatives;
};

std::span<const Hook> hook_table();

} // namespace rcuscope
