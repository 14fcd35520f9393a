// SPDX-License-Identifier: BSD-2-Clause
#include "probes/hooks.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "control.h"

namespace rcuscope {

std::string_view to_text(Way way) {
    switch (way) {
    case Way::tracepoint:
        return "tracepoint";
    case Way::fentry:
        return "fentry";
    case Way::kprobe:
        return "kprobe";
    case Way::tracefs_kprobe:
        return "tracefs-kprobe";
    }
    return "";
}

namespace {

enum class HookKernels { every_kernel, newer_kernels };

// Assembles the table from the rows of hook_list.h.
class TableBuilder {
public:
    void begin(Hook hook, HookKernels kernels) {
        hook.newer_kernels_only = kernels == HookKernels::newer_kernels;
        table_.push_back(std::move(hook));
        first_ = 0;
    }

    void set_preemptible() { table_.back().preemptible = true; }

    // Adds a program to the current hook, to its alternative of this way.
    Alternative& add(Way way, Program program) {
        auto& all = table_.back().alternatives;
        auto found = std::find_if(all.begin() + static_cast<std::ptrdiff_t>(first_), all.end(),
                                  [way](const Alternative& each) { return each.way == way; });
        if (found == all.end())
            found = all.insert(found, {way, {}});
        found->programs.push_back(program);
        return *found;
    }

    // Programs that are added from now on belong to other alternatives than those before.
    void begin_alternatives() { first_ = table_.back().alternatives.size(); }

    std::vector<Hook> take() {
        for (Hook& hook : table_)
            std::stable_sort(hook.alternatives.begin(), hook.alternatives.end(),
                             [](const Alternative& a, const Alternative& b) { return a.way < b.way; });
        return std::move(table_);
    }

private:
    std::vector<Hook> table_;
    std::size_t first_ = 0; // index of the first alternative of the last hook to which add() may add
};

std::vector<Hook> make_hook_table() {
    TableBuilder table;
#define RS_HOOK(counter, name, scope, kernels, shows, without)                                                         \
    table.begin({name, shows, without, false, false, HookScope::scope, RS_COUNT_##counter, {}}, HookKernels::kernels);
#define RS_PREEMPTIBLE() table.set_preemptible();
#define RS_EVENT(program, event) table.add(Way::tracepoint, {#program, "", #event});
#define RS_OWN_CPU_EVENT(program, event) table.add(Way::tracepoint, {#program, "", #event}).own_cpu_only = true;
#define RS_ENTRY(program, function, parameters, ...)                                                                   \
    table.add(Way::fentry, {#program "_fentry", #function, "", #parameters});                                          \
    RS_KPROBE(program, function, parameters, )
#define RS_RETURN(program, function, parameters, result, ...)                                                          \
    RS_FEXIT(program, function, parameters, result, )                                                                  \
    RS_KRETPROBE(program, function, result, )
#define RS_RETURN_AGAIN(program, function) RS_RETURN(program, function, (), (), )
#define RS_FEXIT(program, function, parameters, result, ...)                                                           \
    table.add(Way::fentry, {#program "_fexit", #function, "", #parameters, #result});
#define RS_KPROBE(program, function, parameters, ...)                                                                  \
    table.add(Way::kprobe, {#program "_kprobe", #function, "", #parameters});
#define RS_KRETPROBE(program, function, result, ...)                                                                   \
    table.add(Way::kprobe, {#program "_kretprobe", #function, "", "", #result});
#define RS_KPROBE_EVENT(program, event) table.add(Way::kprobe, {#program, "", #event});
#define RS_SITE_KPROBE(program) table.add(Way::tracefs_kprobe, {#program, ""});
#define RS_SITE_EVENT(program, event) table.add(Way::tracefs_kprobe, {#program, "", #event});
#define RS_OR() table.begin_alternatives();
#include "hook_list.h"
    return table.take();
}

} // namespace

std::span<const Hook> hook_table() {
    static const std::vector<Hook> table = make_hook_table();
    return table;
}

} // namespace rcuscope
