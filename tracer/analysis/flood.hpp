// SPDX-License-Identifier: BSD-2-Clause
//
// The hazard callback-flood: hazards.hpp says what it is.
#pragma once

#include <cstdint>
#include <vector>

#include "analysis/backlog.hpp"
#include "analysis/function_index.hpp"
#include "analysis/watched.hpp"
#include "timeline/model.hpp"
#include "timeline/pending.hpp"

namespace rcuscope {

// Takes callbacks by their queueing.
class Floods {
public:
    // Refers to the timeline.
    Floods(const Timeline& timeline, std::uint64_t limit);

    void take(const Callback& callback) {
        if (judged_ && watched_.contains(callback)) {
            count(callback);
        }
    }

    // One for each function, at the time when its callbacks were first too many. Its
    // list of callbacks is empty: they are all that were queued about then.
    std::vector<Hazard> hazards() const;

private:
    void count(const Callback& callback);

    bool judged_; // else it is not known what was invoked, or there were never so many
    std::uint64_t limit_;
    WatchedModules watched_;
    BacklogCount none_;
    FunctionIndex functions_;
    std::vector<BacklogCount> counts_; // by function
    PendingSteps steps_;
};

} // namespace rcuscope
