// SPDX-License-Identifier: BSD-2-Clause
//
// What a check compares: a recording's distributions and counts, small enough
// to be kept in a repository beside the code whose speed it stands for.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "analysis/histogram.hpp"
#include "capture/metadata.hpp"
#include "timeline/model.hpp"

namespace rcuscope {

struct Digest {
    std::string tool_version;
    HostInfo host; // with the settings by which recordings can or cannot be compared
    Nanoseconds recorded = 0;
    bool complete = false;
    std::uint64_t lost = 0; // records
    // Nanoseconds, by name. Those of which nothing was seen are here too, empty.
    //   "gp", "gp.expedited"                            from start to end
    //   "callback.latency"                              from queued to invoked
    //   "callback.start", "callback.end", "callback.invocation"  what that was spent waiting for
    //   "callback.run"                                  from invoked to done
    //   "reader"                                        read-side sections
    //   "wait.synchronize_rcu", "wait.rcu_barrier", ... as to_text(WaitKind) names them
    std::map<std::string, Histogram> durations;
    // "hazards", "hazards.fatal", "hazards.latent", "hazards.warning", "callbacks.queued",
    // "callbacks.pending" at the end, "callbacks.unknown", "backlog.max".
    std::map<std::string, std::uint64_t> counts;
    // The longest grace periods, longest first, at most five: who held them, for people.
    struct Held {
        Nanoseconds duration = 0;
        std::string text; // Holder::text
    };
    std::vector<Held> longest;
};

} // namespace rcuscope
