// SPDX-License-Identifier: BSD-2-Clause
//
// What a check compares: a recording's distributions and counts, small enough
// to be kept in a repository beside the code whose speed it stands for.
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

#include "analysis/histogram.hpp"
#include "analysis/statistics.hpp"
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

// What was not looked at is left out: of a timeline nothing, of what was counted in the kernel (kernel_digest.hpp)
// some.
struct Digest {
    static constexpr std::size_t most_longest = 5;
    using Durations = std::map<std::string, Histogram, std::less<>>;
    using Counts = std::map<std::string, std::uint64_t, std::less<>>;

    std::string tool_version; // of what made it
    HostInfo host;            // with the settings by which recordings can or cannot be compared
    Nanoseconds recorded = 0;
    bool complete = false;
    std::uint64_t lost = 0; // records, or what else went by unseen
    // Nanoseconds; of digest_durations, empty if nothing was seen of it.
    Durations durations;
    // Of digest_counts.
    Counts counts;
    // Callbacks by their function, the most queued first. Together they are those in counts and durations.
    struct Function {
        std::string module;   // empty: the kernel proper
        std::string function; // empty: its name is not known
        std::uint64_t queued = 0;
        std::uint64_t invoked = 0; // seen to be, also those of which it is not known when they were queued
        std::uint64_t pending = 0;
        std::uint64_t unknown = 0;
        Histogram latency;
        bool operator==(const Function&) const = default;
    };
    std::vector<Function> functions;
    // The longest grace periods, longest first, at most five: who held them, for people.
    struct Held {
        Nanoseconds duration = 0;
        std::string text; // Holder::text
        bool operator==(const Held&) const = default;
    };
    std::vector<Held> longest;

    // By their names in digest_durations and digest_counts; nothing: not looked at.
    const Histogram* duration(std::string_view name) const;
    std::optional<std::uint64_t> count(std::string_view name) const;
    // Sorts `longest`, and leaves no more of it than most_longest.
    void keep_longest();
};

// Of a timeline with its hazards and holders, and its numbers.
Digest digest_of(const Timeline& timeline, const Statistics& numbers, std::string tool_version);

} // namespace rcuscope
