// SPDX-License-Identifier: BSD-2-Clause
//
// Makes an attach plan from the table of hooks, the features of the kernel, and the user's request. It is a pure
// function, so tests can try every kernel. It checks whether a feature is present and never asks for a kernel version.
#pragma once

#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "probes/contract.hpp"
#include "probes/hooks.hpp"

namespace rcuscope {

// The features of the running kernel that the table of hooks needs.
struct KernelOffer {
    bool btf = false;
    std::set<std::string> btf_functions;    // in the kernel's BTF: fentry can attach
    std::set<std::string> symbol_functions; // in kallsyms under this exact name: kprobes can attach
    std::set<std::string> untraceable;      // there, but neither way can attach: ftrace has no place in them
    std::set<std::string> tracepoints;      // in the kernel's BTF
    bool kprobe_events = false;             // tracefs has kprobe_events
    bool preempt_rcu = false;               // rcu_read_lock() is a call that can be probed
    UnfitPrograms unfit;                    // programs that do not fit this kernel
    std::string preemption;                 // the host setting of this name (capture/metadata.hpp); empty: not known
    bool offloads = false;                  // kthreads run the callbacks of some CPUs (rcu_nocbs=, nohz_full=)
};

struct PlanRequest {
    std::optional<Way> via; // hooks that have this way use no other one
    bool follow_modules = false;
    bool follow_functions = false;
};

struct PassedOver {
    Way way;
    std::string why;

    bool operator==(const PassedOver&) const = default;
};

struct PlannedHook {
    const Hook* hook = nullptr;
    const Alternative* taken = nullptr; // nullptr: missing, or not needed
    bool needed = true;                 // false: not requested, or this kernel has nothing to observe
    std::string why;                    // why it is missing or not needed
    std::vector<PassedOver> passed_over;

    bool missing() const { return !taken && needed; }
};

struct AttachPlan {
    std::vector<PlannedHook> hooks; // in the table's order

    std::set<std::string> programs() const;                                         // names of the programs to load
    bool takes(std::string_view hook, std::optional<Way> way = std::nullopt) const; // nullopt: by whatever way
    bool takes_way(Way way) const;                                                  // whether any hook uses this way
};

// Sets what the kernel's types say: functions, tracepoints, and the programs of all tables that do not fit.
void read_types(KernelOffer& offer, const KernelBtf& kernel, const std::map<std::string, ProgramNeeds>& needs);

AttachPlan resolve(std::span<const Hook> table, const KernelOffer& offer, const PlanRequest& request);

// All kernel functions and all tracepoints that the table names.
std::set<std::string> functions_named(std::span<const Hook> table);
std::set<std::string> tracepoints_named(std::span<const Hook> table);

// Parses the argument of --via: "tracepoint", "fentry" or "kprobe".
Result<Way> way_from_text(std::string_view text);

} // namespace rcuscope
