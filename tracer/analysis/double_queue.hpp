// SPDX-License-Identifier: BSD-2-Clause
//
// Finds the hazard double-call-rcu: an rcu_head is queued again while it is still pending. A false positive is avoided
// where records were lost, the capture is cut off, a probe was skipped, or the module was freed in between.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <unordered_set>
#include <vector>

#include "analysis/hazards.hpp"
#include "analysis/loss_index.hpp"
#include "timeline/model.hpp"

namespace rcuscope {

// Judges each Requeue of a timeline.
class DoubleQueues {
public:
    // Keeps pointers to the timeline's callbacks.
    DoubleQueues(const Timeline& timeline, const LossIndex& losses);

    // One hazard for each pair of locations that queued the same heads, with all callbacks that they queued so.
    std::vector<Hazard> hazards() const;
    // The ids of the callbacks in these hazards whose invocation was not recorded.
    std::unordered_set<std::uint32_t> never_ran() const;

private:
    // Two callbacks with the same head; the second was queued while the first was pending.
    struct Pair {
        const Callback* first = nullptr;
        const Callback* second = nullptr;
    };
    // The locations that queued the first and the second, and the function of the second.
    using Places = std::tuple<std::string, std::string, std::string>;

    static Hazard hazard_of(const Places& places, const std::vector<Pair>& pairs);

    std::map<Places, std::vector<Pair>> pairs_;
};

} // namespace rcuscope
