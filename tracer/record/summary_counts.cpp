// SPDX-License-Identifier: BSD-2-Clause
#include "record/summary_counts.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace rcuscope {

namespace {

void add(const KernelDurations& more, KernelDurations& durations) {
    if (more.buckets.empty())
        return;
    durations.shortest = durations.buckets.empty() ? more.shortest : std::min(durations.shortest, more.shortest);
    durations.longest = std::max(durations.longest, more.longest);
    durations.sum += more.sum;
    for (const auto& [lowest, count] : more.buckets)
        durations.buckets[lowest] += count;
}

std::size_t place_of(const rs_function& function) {
    return (function.module & (RS_IN_INIT - 1)) - RS_IN_MODULE(0);
}

} // namespace

Status check_summary_plan(const AttachPlan& plan) {
    for (const PlannedHook& planned : plan.hooks)
        if (planned.missing())
            return fail(ExitCode::cannot_here, "cannot count in this kernel (--mode summary)",
                        std::string(planned.hook->without) + " cannot be seen: " + planned.why,
                        "record with --mode events, which needs no particular hook");
    return {};
}

NamedFunction name_in_module(const ModuleFile& module, const rs_function& function,
                             const std::vector<SummarySection>& sections) {
    const SummarySection* within = nullptr;
    for (const SummarySection& each : sections)
        if (each.section.module == function.module && each.offset <= function.address &&
            (!within || each.offset >= within->offset))
            within = &each;
    if (!within)
        return {module.name, ""};
    const std::string section(std::begin(within->section.name),
                              std::find(std::begin(within->section.name), std::end(within->section.name), '\0'));
    const std::uint64_t offset = function.address - within->offset;
    for (const KoFunction& each : module.functions)
        if (each.section == section && offset - each.offset < each.size)
            return {module.name, each.name};
    return {module.name, ""};
}

std::vector<KernelCallbacks> merged_by_name(const std::vector<KernelCallbacks>& callbacks) {
    std::map<std::pair<std::string, std::string>, KernelCallbacks> rows;
    for (const KernelCallbacks& each : callbacks) {
        KernelCallbacks& row = rows[{each.module, each.function}];
        row.module = each.module;
        row.function = each.function;
        row.queued += each.queued;
        row.untimed += each.untimed;
        row.forgotten += each.forgotten;
        add(each.latency, row.latency);
    }
    std::vector<KernelCallbacks> all;
    all.reserve(rows.size());
    for (auto& [name, row] : rows)
        all.push_back(std::move(row));
    return all;
}

void SummaryCounts::close_window() {
    maps_.close_window();
    name_new_functions();
}

// Skips functions of followed modules: collect() names them by their .ko files at the end.
void SummaryCounts::name_new_functions() {
    const std::uint32_t seen = maps_.functions_seen();
    if (seen == seen_)
        return;
    seen_ = seen;
    std::optional<Kallsyms> now;
    for (const auto& [function, slot] : maps_.functions()) {
        if (function.module || names_.contains(slot))
            continue;
        const bool in_module = !symbols_.in_kernel_proper(function.address);
        if (in_module && !now) {
            auto read = Kallsyms::read(path_);
            now.emplace(read ? std::move(*read) : Kallsyms());
        }
        auto place = (in_module ? *now : symbols_).place_of(function.address);
        names_[slot] = place ? NamedFunction{std::move(place->module), std::move(place->function)} : NamedFunction();
    }
}

Result<KernelSummary> SummaryCounts::collect(std::uint64_t missed) {
    const auto sections = maps_.sections();
    std::vector<std::pair<std::uint32_t, NamedFunction>> slots{{RS_SLOT_OTHERS, {}}};
    for (const auto& [function, slot] : maps_.functions())
        if (!function.module)
            slots.emplace_back(slot, names_[slot]);
        else if (const std::size_t place = place_of(function); place < followed_.size())
            slots.emplace_back(slot, name_in_module(followed_[place], function, sections));
    auto counted = maps_.callbacks();
    if (!counted)
        return tl::unexpected(counted.error());
    KernelSummary summary;
    summary.missed = missed;
    for (const auto& [slot, name] : slots) {
        if (slot >= counted->size())
            continue;
        KernelCallbacks& callbacks = (*counted)[slot];
        callbacks.module = name.module;
        callbacks.function = name.function;
        if (callbacks.queued || callbacks.untimed || !callbacks.latency.buckets.empty())
            summary.callbacks.push_back(std::move(callbacks));
    }
    summary.callbacks = merged_by_name(summary.callbacks);
    for (auto [expedited, periods] : {std::pair{false, &summary.normal}, std::pair{true, &summary.expedited}}) {
        auto ended = maps_.grace_periods(expedited);
        if (!ended)
            return tl::unexpected(ended.error());
        *periods = std::move(*ended);
    }
    return summary;
}

} // namespace rcuscope
