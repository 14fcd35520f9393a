// SPDX-License-Identifier: BSD-2-Clause
//
// A timeline together with what was found in it, or with findings that a test makes by hand.
#pragma once

#include <string>
#include <utility>

#include "analysis/analysis.hpp"

namespace rcuscope::test {

struct Analysed : Timeline {
    Analysed() = default;
    explicit Analysed(Timeline timeline) : Timeline(std::move(timeline)) {}

    Analysis found;
};

inline Analysed analysed(Timeline timeline, const HazardLimits& limits = {}) {
    Analysed result(std::move(timeline));
    result.found = analyse(result, limits);
    return result;
}

inline Statistics numbers_of(const Timeline& timeline) {
    return analyse(timeline, {}).statistics;
}

// The findings with the numbers of the timeline as it is now.
inline Analysis with_numbers(const Analysed& timeline) {
    Analysis found = timeline.found;
    found.statistics = numbers_of(timeline);
    return found;
}

// Adds a life with its verdict.
inline void add_life(Analysed& timeline, ModuleLife life, const std::string& verdict) {
    timeline.modules.push_back(std::move(life));
    timeline.found.verdicts.resize(timeline.modules.size());
    timeline.found.verdicts.back().text = verdict;
}

} // namespace rcuscope::test
