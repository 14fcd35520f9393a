// SPDX-License-Identifier: BSD-2-Clause
//
// Everything that is found in a timeline: hazards, verdicts, holders and numbers. The results stand beside the timeline
// and refer to its rows by index.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "analysis/backlog_series.hpp"
#include "analysis/hazards.hpp"
#include "analysis/holders.hpp"
#include "analysis/statistics.hpp"
#include "timeline/model.hpp"

namespace rcuscope {

// The judgement of one life of a module.
struct LifeVerdict {
    std::string text; // a sentence; empty: the module is not followed
    // Number of callbacks that ran between the exit function's return and the free, and that would have run after the
    // free if the kernel had not spent the time from ModuleLife::unprobing to ModuleLife::unprobed. None: not known.
    std::optional<std::uint64_t> late_without_probes;
};

struct Analysis {
    std::vector<Hazard> hazards;       // by time
    std::vector<LifeVerdict> verdicts; // by index in Timeline::modules
    // By index in Timeline::grace_periods. None: its start or end is unknown.
    std::vector<std::optional<Holder>> holders;
    std::vector<std::uint64_t> released; // by index in Timeline::grace_periods: callbacks whose grace period it is
    std::vector<BacklogSeries> backlogs; // of all callbacks, then of each module if there are several
    Statistics statistics;

    // Nullptr: none.
    const Holder* holder_of(const GracePeriod& grace_period) const {
        const std::size_t index = grace_period.id - 1; // ids count from 1
        return index < holders.size() && holders[index] ? &*holders[index] : nullptr;
    }
    std::uint64_t callbacks_released_by(const GracePeriod& grace_period) const {
        const std::size_t index = grace_period.id - 1;
        return index < released.size() ? released[index] : 0;
    }
    const LifeVerdict& verdict_of(std::size_t life) const {
        static const LifeVerdict none;
        return life < verdicts.size() ? verdicts[life] : none;
    }
};

Analysis analyse(const Timeline& timeline, const HazardLimits& limits);

} // namespace rcuscope
