// SPDX-License-Identifier: BSD-2-Clause
#include "probes/summary_hooks.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace rcuscope {

namespace {

constexpr std::array<std::string_view, 9> hooks{"gp.start",         "gp.end",          "gp.expedited.start",
                                                "gp.expedited.end", "callback.queued", "callback.queued.hurry",
                                                "callback.invoked", "module.init",     "module.free"};

// Pairs of programs: one sends records of callbacks, the other counts them. All other programs can do either.
constexpr std::array<std::pair<std::string_view, std::string_view>, 8> counting{{
    {"call_rcu_event", "summary_queued_event"},
    {"call_rcu_fentry", "summary_queued_fentry"},
    {"call_rcu_kprobe", "summary_queued_kprobe"},
    {"call_rcu_hurry_fentry", "summary_hurry_fentry"},
    {"call_rcu_hurry_kprobe", "summary_hurry_kprobe"},
    {"invoke_event", "summary_invoke_event"},
    {"dequeue_fentry", "summary_dequeue_fentry"},
    {"dequeue_kprobe", "summary_dequeue_kprobe"},
}};

std::vector<Hook> make_table() {
    std::vector<Hook> table;
    for (const Hook& hook : hook_table())
        if (std::find(hooks.begin(), hooks.end(), hook.name) != hooks.end())
            table.push_back(hook);
    for (Hook& hook : table)
        for (Alternative& alternative : hook.alternatives)
            for (Program& program : alternative.programs)
                for (const auto& [sends, counts] : counting)
                    if (program.name == sends)
                        program.name = counts;
    return table;
}

} // namespace

std::span<const Hook> summary_hook_table() {
    static const std::vector<Hook> table = make_table();
    return table;
}

} // namespace rcuscope
