// SPDX-License-Identifier: BSD-2-Clause
//
// From the table of hooks, what the kernel offers and what is asked for, to an
// attach plan: a pure function, so that every kernel can be tried in a test.
// It asks for presence, never for a version.
#pragma once

#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "probes/hooks.hpp"

namespace rcuscope {

// What the running kernel has of what the table names.
struct KernelOffer {
    bool btf = false;
    std::set<std::string> btf_functions;    // in the kernel's BTF: fentry can attach
    std::set<std::string> symbol_functions; // in kallsyms under exactly this name: kprobes can attach
    std::set<std::string> tracepoints;      // in the kernel's BTF
    bool kprobe_events = false;             // tracefs takes kprobe events
    bool preempt_rcu = false;               // rcu_read_lock() is a call that can be probed
    bool offloads = false;                  // callbacks of some CPUs are run by kthreads (rcu_nocbs=, nohz_full=)
};

struct PlanRequest {
    std::optional<Way> via; // for hooks that know this way of seeing RCU, the others count as not there
    bool follow_modules = false;
    bool follow_functions = false;
};

struct PassedOver {
    Way way;
    std::string why;
};

struct PlannedHook {
    const Hook* hook = nullptr;
    const Alternative* taken = nullptr; // nullptr: missing, or not needed
    bool needed = true;                 // false: this kernel has nothing that it would show, or nobody asked
    std::string why;                    // it is missing, or not needed
    std::vector<PassedOver> passed_over;

    bool missing() const { return !taken && needed; }
};

struct AttachPlan {
    std::vector<PlannedHook> hooks; // in the table's order

    std::set<std::string> programs() const; // names of those to load
    bool takes(std::string_view hook) const;
    bool takes_way(Way way) const; // for any hook
};

AttachPlan resolve(std::span<const Hook> table, const KernelOffer& offer, const PlanRequest& request);

// Every kernel function, every tracepoint that the table names.
std::set<std::string> functions_named(std::span<const Hook> table);
std::set<std::string> tracepoints_named(std::span<const Hook> table);

// "tracepoint", "fentry" or "kprobe", as given with --via.
Result<Way> way_from_text(std::string_view text);

} // namespace rcuscope
