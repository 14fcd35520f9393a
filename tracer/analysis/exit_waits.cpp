// SPDX-License-Identifier: BSD-2-Clause
#include "analysis/exit_waits.hpp"

#include <algorithm>

#include "timeline/moment.hpp"

namespace rcuscope {

ExitWaitIndex::ExitWaitIndex(const Timeline& timeline) : waits_(timeline.waits) {
    for (const ModuleLife& life : timeline.modules)
        if (life.going_tid)
            of_task_.try_emplace(*life.going_tid);
    for (std::size_t i = 0; i < waits_.size(); i++) {
        const auto place = static_cast<std::uint32_t>(i);
        const CodeLocation& caller = waits_[i].caller;
        Places* places = &unnamed_;
        if (!caller.function.empty()) {
            of_module_.resize(std::max<std::size_t>(of_module_.size(), caller.module.id() + 1));
            places = &of_module_[caller.module.id()];
        }
        places->push_back(place);
        if (const auto task = of_task_.find(waits_[i].tid); task != of_task_.end())
            task->second.push_back(place);
    }
}

std::vector<std::uint32_t> ExitWaitIndex::within(const Places& places, Nanoseconds from, Nanoseconds to,
                                                 std::size_t limit) const {
    const auto begin =
        std::lower_bound(places.begin(), places.end(), from,
                         [this](std::uint32_t place, Nanoseconds at) { return waits_[place].begin < at; });
    std::vector<std::uint32_t> within;
    for (auto place = begin; place != places.end() && within.size() < limit; ++place) {
        if (waits_[*place].begin > to)
            break;
        within.push_back(*place);
    }
    return within;
}

const ExitWaitIndex::Places* ExitWaitIndex::of_module(const ModuleLife& life) const {
    const std::uint32_t module = PooledString(life.name).id();
    return module < of_module_.size() ? &of_module_[module] : nullptr;
}

std::vector<const Wait*> ExitWaitIndex::of_task(std::uint32_t tid, Nanoseconds from, Nanoseconds to,
                                                std::size_t limit) const {
    std::vector<const Wait*> waits;
    if (const auto task = of_task_.find(tid); task != of_task_.end())
        for (const std::uint32_t place : within(task->second, from, to, limit))
            waits.push_back(&waits_[place]);
    return waits;
}

ExitWaits ExitWaitIndex::of(const ModuleLife& life) const {
    ExitWaits found;
    if (!life.exit || !life.exit_done)
        return found;
    std::vector<std::uint32_t> places; // sorted below: in the order of time
    const auto add = [&](const Places& more) {
        const auto those = within(more, *life.exit, *life.exit_done, max_in_exit);
        places.insert(places.end(), those.begin(), those.end());
    };
    if (const Places* own = of_module(life))
        add(*own);
    if (!life.going_tid)
        add(unnamed_);
    else if (const auto task = of_task_.find(*life.going_tid); task != of_task_.end())
        add(task->second);
    std::sort(places.begin(), places.end());
    places.erase(std::unique(places.begin(), places.end()), places.end());
    for (const std::uint32_t place : places) {
        const Wait& wait = waits_[place];
        if (!wait.end || *wait.end > *life.exit_done)
            continue;
        const bool barrier = wait.kind == event::WaitKind::rcu_barrier;
        (barrier ? found.in_barrier : found.in_synchronize) +=
            static_cast<std::uint64_t>(elapsed(wait.begin, *wait.end));
        found.synchronize_last = !barrier;
        if (barrier)
            found.last_barrier = wait.begin;
        else
            found.synchronize = wait.kind;
    }
    return found;
}

const Wait* ExitWaitIndex::last_barrier(const ModuleLife& life, Nanoseconds from, Nanoseconds to) const {
    const Wait* last = nullptr;
    const auto is_one = [&](const Wait& wait) {
        return wait.kind == event::WaitKind::rcu_barrier && wait.end && *wait.end <= to;
    };
    const auto keep_later = [&](const Wait& wait) {
        last = last == nullptr || last->begin < wait.begin ? &wait : last;
    };
    const auto look = [&](const Places& places) {
        const auto after =
            std::upper_bound(places.begin(), places.end(), to,
                             [this](Nanoseconds at, std::uint32_t place) { return at < waits_[place].begin; });
        std::size_t looked_at = 0;
        for (auto place = after; place != places.begin() && looked_at < max_in_exit; looked_at++) {
            const Wait& wait = waits_[*--place];
            if (wait.begin < from) {
                break;
            }
            if (is_one(wait)) {
                keep_later(wait);
                break;
            }
        }
    };
    if (const Places* own = of_module(life))
        look(*own);
    if (life.going_tid && life.exit) {
        for (const Wait* wait : of_task(*life.going_tid, std::max(from, *life.exit), to))
            if (is_one(*wait))
                keep_later(*wait);
    }
    return last;
}

} // namespace rcuscope
