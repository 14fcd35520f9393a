// SPDX-License-Identifier: BSD-2-Clause
//
// A digest: the distributions and counts of one recording, which `check` compares and `summarize` writes. It is small
// enough to be kept in a repository beside the code that it measures.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "analysis/analysis.hpp"
#include "analysis/histogram.hpp"
#include "capture/metadata.hpp"
#include "timeline/model.hpp"

namespace rcuscope {

struct DigestName {
    std::string_view name;
    std::string_view about;
};

inline constexpr std::array<DigestName, 11> digest_durations{{
    {"gp", "normal grace periods, from start to end"},
    {"gp.expedited", "expedited grace periods, from start to end"},
    {"callback.latency", "callbacks, from queued to invoked"},
    {"callback.start", "of that, until the grace period began that released it"},
    {"callback.end", "of that, until that grace period ended"},
    {"callback.invocation", "of that, until it was invoked"},
    {"callback.run", "callbacks, from invoked to done"},
    {"reader", "read-side sections"},
    {"wait.synchronize_rcu", "calls of synchronize_rcu()"},
    {"wait.synchronize_rcu_expedited", "calls of synchronize_rcu_expedited()"},
    {"wait.rcu_barrier", "calls of rcu_barrier()"},
}};

inline constexpr std::array<DigestName, 8> digest_counts{{
    {"hazards", "hazards found"},
    {"hazards.fatal", "of these, fatal ones"},
    {"hazards.latent", "of these, latent ones"},
    {"hazards.warning", "of these, warnings"},
    {"callbacks.queued", "callbacks queued"},
    {"callbacks.pending", "of these, not invoked by the end"},
    {"callbacks.unknown", "of these, those of which it is not known"},
    {"backlog.max", "most callbacks that were queued and not invoked at once"},
}};

// A name that is missing from `durations` or `counts` was not observed. The digest of a timeline has all names. The
// digest of counts made in the kernel (kernel_digest.hpp) lacks some.
struct Digest {
    static constexpr std::size_t max_longest = 5;
    using Durations = std::map<std::string, Histogram, std::less<>>;
    using Counts = std::map<std::string, std::uint64_t, std::less<>>;

    std::string tool_version; // of the rcuscope that made it
    HostInfo host;            // with the settings that decide whether recordings can be compared
    Nanoseconds recorded = 0; // length of the recording
    bool complete = false;
    // Lost records; of counts made in the kernel, what its programs missed or forgot. A recording's skipped runs are
    // not in it: each concerns one hook, and a budget may ask about another.
    std::uint64_t lost = 0;
    // In nanoseconds, by the names in digest_durations. A histogram is empty if no such event occurred.
    Durations durations;
    // By the names in digest_counts.
    Counts counts;
    // Callbacks by their function, the most queued first. Their sums are the numbers in counts and durations.
    struct Function {
        std::string module;   // empty: the kernel proper
        std::string function; // empty: its name is not known
        std::uint64_t queued = 0;
        std::uint64_t invoked = 0; // the invocation was seen, even if the queueing was not
        std::uint64_t pending = 0;
        std::uint64_t unknown = 0;
        Histogram latency;
        bool operator==(const Function&) const = default;
    };
    std::vector<Function> functions;
    // The longest grace periods, longest first, at most max_longest, each with a text that names its holder.
    struct Held {
        Nanoseconds duration = 0;
        std::string text; // Holder::text; empty: not known
        bool operator==(const Held&) const = default;
    };
    std::vector<Held> longest;

    // Look up a name of digest_durations or digest_counts. Null or nullopt: not observed.
    const Histogram* duration(std::string_view name) const;
    std::optional<std::uint64_t> count(std::string_view name) const;
    // Sorts `longest` and cuts it to max_longest elements.
    void keep_longest();
};

Digest digest_of(const Timeline& timeline, const Analysis& analysis, std::string tool_version);

} // namespace rcuscope
