// SPDX-License-Identifier: BSD-2-Clause
#include "analysis/exit_waits.hpp"

#include <algorithm>
#include <iterator>

#include "timeline/moment.hpp"

namespace rcuscope {

ExitWaitIndex::ExitWaitIndex(const LongList<Wait>& waits) : waits_(waits) {
    for (std::size_t i = 0; i < waits.size(); i++) {
        const CodePlace& caller = waits[i].caller;
        Places* places = &unnamed_;
        if (!caller.function.empty()) {
            of_module_.resize(std::max<std::size_t>(of_module_.size(), caller.module.id() + 1));
            places = &of_module_[caller.module.id()];
        }
        places->push_back(static_cast<std::uint32_t>(i));
    }
}

std::vector<std::uint32_t> ExitWaitIndex::within(const Places& places, const ModuleLife& life) const {
    const auto begin =
        std::lower_bound(places.begin(), places.end(), *life.exit,
                         [this](std::uint32_t place, Nanoseconds at) { return waits_[place].begin < at; });
    std::vector<std::uint32_t> within;
    for (auto place = begin; place != places.end() && within.size() < most_in_exit; ++place) {
        if (waits_[*place].begin > *life.exit_done) {
            break;
        }
        within.push_back(*place);
    }
    return within;
}

ExitWaits ExitWaitIndex::of(const ModuleLife& life) const {
    ExitWaits found;
    if (!life.exit || !life.exit_done) {
        return found;
    }
    const std::uint32_t module = SharedText(life.name).id();
    const auto own = module < of_module_.size() ? within(of_module_[module], life) : std::vector<std::uint32_t>();
    const auto unnamed = within(unnamed_, life);
    std::vector<std::uint32_t> places; // in the order of time
    std::merge(own.begin(), own.end(), unnamed.begin(), unnamed.end(), std::back_inserter(places));
    for (const std::uint32_t place : places) {
        const Wait& wait = waits_[place];
        if (!wait.end || *wait.end > *life.exit_done) {
            continue;
        }
        const bool barrier = wait.kind == event::WaitKind::rcu_barrier;
        (barrier ? found.in_barrier : found.in_synchronize) +=
            static_cast<std::uint64_t>(elapsed(wait.begin, *wait.end));
        found.synchronize_last = !barrier;
        if (barrier) {
            found.last_barrier = wait.begin;
        } else {
            found.synchronize = wait.kind;
        }
    }
    return found;
}

} // namespace rcuscope
