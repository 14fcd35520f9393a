// SPDX-License-Identifier: BSD-2-Clause
#include "analysis/exit_waits.hpp"

#include <algorithm>

#include "timeline/moment.hpp"

namespace rcuscope {

namespace {

// Others may wait at the same time, and synchronize_rcu() may itself call the expedited one.
bool of_module(const Wait& wait, const ModuleLife& life) {
    return wait.caller.function.empty() || wait.caller.module == life.name;
}

} // namespace

ExitWaits waits_in_exit(const ModuleLife& life, const LongList<Wait>& waits) {
    ExitWaits found;
    if (!life.exit || !life.exit_done) {
        return found;
    }
    auto wait = std::lower_bound(waits.begin(), waits.end(), *life.exit,
                                 [](const Wait& row, Nanoseconds at) { return row.begin < at; });
    for (; wait != waits.end() && wait->begin <= *life.exit_done; ++wait) {
        if (!wait->end || *wait->end > *life.exit_done || !of_module(*wait, life)) {
            continue;
        }
        const bool barrier = wait->kind == event::WaitKind::rcu_barrier;
        (barrier ? found.in_barrier : found.in_synchronize) +=
            static_cast<std::uint64_t>(elapsed(wait->begin, *wait->end));
        found.synchronize_last = !barrier;
        if (barrier) {
            found.last_barrier = wait->begin;
        } else {
            found.synchronize = wait->kind;
        }
    }
    return found;
}

} // namespace rcuscope
