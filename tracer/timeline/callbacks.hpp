// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <tsl/robin_map.h>
#include <unordered_map>
#include <vector>

#include "capture/event.hpp"
#include "timeline/grace_periods.hpp"
#include "timeline/heads.hpp"
#include "timeline/losses.hpp"
#include "timeline/model.hpp"
#include "timeline/moment.hpp"
#include "timeline/segments.hpp"
#include "timeline/stacks.hpp"

namespace rcuscope {

// Follows callbacks from call_rcu() to the return of their function. A callback
// is known by the address of its rcu_head, which may be queued again as soon as
// it was invoked: even by its own function.
class CallbackTracker {
public:
    explicit CallbackTracker(const LossTracker& losses) : losses_(losses) {}

    void queued(const Moment& moment, const event::CbQueued& queued, const CodePlace& function, const CalledFrom& from,
                SharedText comm);
    // `bypass`: callbacks queued since are not on the list yet.
    void assigned(const event::CbAssigned& assigned, MaybeTime bypass);
    // `list_cpu`: whose callbacks are being run, if that is known.
    void invoked(const Moment& moment, const event::CbInvoked& invoked, InvocationContext context,
                 std::optional<std::uint32_t> list_cpu);
    void done(const Moment& moment, std::uint64_t head);

    // `grace_periods` and `tracker` as GracePeriodTracker::finish() left them.
    LongList<Callback> finish(const CaptureSummary& capture, const std::vector<GracePeriod>& grace_periods,
                              const GracePeriodTracker& tracker);

private:
    using Index = std::uint32_t; // as Callback::id
    static constexpr Index none = static_cast<Index>(-1);

    // What the builder knows of a callback beside the model. Same index as in callbacks_.
    struct Tracked {
        std::uint64_t reports = 0; // of losses, when it was queued
        std::uint64_t gp_seq = 0;  // that it waited for when it was invoked
        Index number = 0;          // on the list of the CPU where it was queued
        Index next = none;         // queued later with the same head, also open
        bool has_gp_seq = false;
        bool given_up = false;  // its invocation was surely missed
        bool ambiguous = false; // another with the same head was open meanwhile
    };
    struct OpenHead {
        Index oldest = none;
        Index newest = none;
    };
    struct Running {
        Index callback = none;
        std::uint32_t tid = 0;
        std::uint64_t cpu_reports = 0; // of losses on the CPU where it runs, when it was invoked
        std::uint64_t reports = 0;     // on any CPU
    };
    using OpenHeads = tsl::robin_map<std::uint64_t, OpenHead, HeadHash>;

    OpenHeads::iterator drop_oldest(OpenHeads::iterator head);
    void give_up_if_lost(OpenHeads::iterator head);
    std::optional<std::uint32_t> released_by(const Callback& callback, const Tracked& tracked,
                                             const std::vector<GracePeriod>& grace_periods,
                                             const GracePeriodTracker& tracker) const;

    const LossTracker& losses_;
    LongList<Callback> callbacks_;
    LongList<Tracked> tracked_;
    OpenHeads open_;                                           // queued, not yet invoked
    tsl::robin_map<std::uint64_t, Running, HeadHash> running_; // invoked, not yet done; by head
    std::unordered_map<std::uint32_t, SegmentedList> lists_;   // by CPU
};

} // namespace rcuscope
