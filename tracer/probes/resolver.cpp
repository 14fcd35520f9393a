// SPDX-License-Identifier: BSD-2-Clause
#include "probes/resolver.hpp"

#include <algorithm>
#include <utility>

#include "probes/summary_hooks.hpp"

namespace rcuscope {

namespace {

bool knows(const Hook& hook, Way way) {
    return std::any_of(
        hook.alternatives.begin(), hook.alternatives.end(),
        [way](const Alternative& alternative) { return alternative.way == way; });
}

// A kernel has all tracepoints of the group rcu, or only one, which shows nothing useful.
std::string no_tracepoint(std::string_view tracepoint, const KernelOffer& offer) {
    if (tracepoint.starts_with("rcu_") && !offer.tracepoints.contains("rcu_grace_period"))
        return "this kernel is built without CONFIG_RCU_TRACE";
    return "the kernel has no tracepoint " + std::string(tracepoint);
}

// Why this alternative cannot be taken; empty: it can. A hook that does not have the requested way (--via) uses its
// best available one.
std::string obstacle(const Hook& hook, const Alternative& alternative, const KernelOffer& offer,
                     const PlanRequest& request) {
    if (alternative.way == Way::tracefs_kprobe && !offer.kprobe_events)
        return "tracefs has no kprobe_events";
    if (request.via && *request.via != alternative.way && knows(hook, *request.via))
        return "not selected (--via " + std::string(to_text(*request.via)) + ")";
    if (alternative.way == Way::fentry && !offer.btf)
        return "the kernel has no BTF";
    if (alternative.own_cpu_only && offer.offloads)
        return "callbacks are offloaded (rcu_nocbs=), and this way does not show all of them";
    const auto& there = alternative.way == Way::fentry ? offer.btf_functions : offer.symbol_functions;
    for (const Program& program : alternative.programs) {
        if (!program.function.empty() && !there.contains(std::string(program.function)))
            return "the kernel has no " + std::string(program.function) + "() " +
                   (alternative.way == Way::fentry ? "in its BTF" : "in kallsyms");
        if (offer.untraceable.contains(std::string(program.function)))
            return std::string(program.function) + "() cannot be traced here: it is marked notrace or inline";
        if (!program.tracepoint.empty() && !offer.tracepoints.contains(std::string(program.tracepoint)))
            return no_tracepoint(program.tracepoint, offer);
        if (const auto unfit = offer.unfit.find(std::string(program.name)); unfit != offer.unfit.end())
            return unfit->second;
    }
    return "";
}

bool preempts_tasks(const KernelOffer& offer) {
    return offer.preemption == "full" || offer.preemption == "lazy" || offer.preemption == "rt";
}

// Why fentry is passed over although it works here; empty: it is not.
std::string drawback(const Hook& hook, const Alternative& alternative, const KernelOffer& offer,
                     const PlanRequest& request) {
    const bool prefers_kprobe =
        preempts_tasks(offer) && hook.preemptible && alternative.way == Way::fentry &&
        std::any_of(hook.alternatives.begin(), hook.alternatives.end(), [&](const Alternative& other) {
            return other.way == Way::kprobe && obstacle(hook, other, offer, request).empty();
        });
    return prefers_kprobe ? "this kernel preempts tasks (preemption: " + offer.preemption +
                                "), and fentry would miss calls on a CPU where a task is preempted in the program"
                          : "";
}

bool kernel_has_any_function(const Hook& hook, const KernelOffer& offer) {
    for (const Alternative& alternative : hook.alternatives)
        for (const Program& program : alternative.programs) {
            const std::string function(program.function);
            if (offer.btf_functions.contains(function) || offer.symbol_functions.contains(function))
                return true;
        }
    return false;
}

// Why the hook is not needed here; empty: it is needed.
std::string needless(const Hook& hook, const KernelOffer& offer, const PlanRequest& request) {
    if ((hook.scope == HookScope::modules || hook.scope == HookScope::read_sites) && !request.follow_modules)
        return "no module is followed";
    if (hook.scope == HookScope::function_sites && !request.follow_functions)
        return request.follow_modules ? "not requested" : "no module is followed";
    if (hook.newer_kernels_only && !kernel_has_any_function(hook, offer))
        return "this kernel has no such function";
    return "";
}

PlannedHook resolve_hook(const Hook& hook, const KernelOffer& offer, const PlanRequest& request) {
    PlannedHook planned;
    planned.hook = &hook;
    planned.why = needless(hook, offer, request);
    if (!planned.why.empty()) {
        planned.needed = false;
        return planned;
    }
    if (hook.scope == HookScope::read_sites && !offer.preempt_rcu) {
        planned.why =
            "this kernel is built without CONFIG_PREEMPT_RCU: rcu_read_lock() compiles to no call that can be probed";
        return planned;
    }
    for (const Alternative& alternative : hook.alternatives) {
        std::string why = obstacle(hook, alternative, offer, request);
        if (why.empty())
            why = drawback(hook, alternative, offer, request);
        if (why.empty()) {
            planned.taken = &alternative;
            // A kernel has at most one of several alternatives of one way.
            std::erase_if(planned.passed_over, [&](const PassedOver& passed) { return passed.way == alternative.way; });
            return planned;
        }
        PassedOver passed{alternative.way, std::move(why)};
        if (std::find(planned.passed_over.begin(), planned.passed_over.end(), passed) == planned.passed_over.end())
            planned.passed_over.push_back(std::move(passed));
    }
    for (const PassedOver& passed : planned.passed_over)
        planned.why += (planned.why.empty() ? "" : "; ") + std::string(to_text(passed.way)) + ": " + passed.why;
    return planned;
}

} // namespace

std::set<std::string> AttachPlan::programs() const {
    std::set<std::string> names;
    for (const PlannedHook& planned : hooks)
        if (planned.taken)
            for (const Program& program : planned.taken->programs)
                names.insert(std::string(program.name));
    return names;
}

bool AttachPlan::takes(std::string_view hook, std::optional<Way> way) const {
    return std::any_of(
        hooks.begin(), hooks.end(),
        [&](const PlannedHook& planned) {
            return planned.taken && planned.hook->name == hook &&
                   planned.taken->way == way.value_or(planned.taken->way);
        });
}

bool AttachPlan::takes_way(Way way) const {
    return std::any_of(
        hooks.begin(), hooks.end(),
        [&](const PlannedHook& planned) { return planned.taken && planned.taken->way == way; });
}

AttachPlan resolve(std::span<const Hook> table, const KernelOffer& offer, const PlanRequest& request) {
    AttachPlan plan;
    for (const Hook& hook : table)
        plan.hooks.push_back(resolve_hook(hook, offer, request));
    return plan;
}

namespace {

std::set<std::string> named(std::span<const Hook> table, std::string_view Program::*what) {
    std::set<std::string> names;
    for (const Hook& hook : table)
        for (const Alternative& alternative : hook.alternatives)
            for (const Program& program : alternative.programs)
                if (!(program.*what).empty())
                    names.insert(std::string(program.*what));
    return names;
}

} // namespace

std::set<std::string> functions_named(std::span<const Hook> table) {
    return named(table, &Program::function);
}

std::set<std::string> tracepoints_named(std::span<const Hook> table) {
    return named(table, &Program::tracepoint);
}

void read_types(KernelOffer& offer, const KernelBtf& kernel, const std::map<std::string, ProgramNeeds>& needs) {
    offer.btf = true;
    offer.btf_functions = functions_named(hook_table());
    std::erase_if(offer.btf_functions, [&](const std::string& name) { return !kernel.has_function(name); });
    offer.tracepoints = tracepoints_named(hook_table());
    std::erase_if(offer.tracepoints, [&](const std::string& name) { return !kernel.has_tracepoint(name); });
    for (const auto table : {hook_table(), summary_hook_table()})
        offer.unfit.merge(unfit_programs(table, needs, kernel));
}

Result<Way> way_from_text(std::string_view text) {
    for (const Way way : {Way::tracepoint, Way::fentry, Way::kprobe})
        if (text == to_text(way))
            return way;
    return fail(
        ExitCode::bad_input, "--via " + std::string(text), "no such way of observation exists",
        "use tracepoint, fentry or kprobe, or omit --via: then each hook uses the best way that this kernel has");
}

} // namespace rcuscope
