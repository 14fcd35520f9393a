// SPDX-License-Identifier: BSD-2-Clause
//
// Finds the grace period that released each callback. It has ended when the callback is invoked, and later records
// rarely change it or its id. So a row gets its Callback::grace_period at invocation, and settle() compares with the
// final grace periods. A second pass over all rows would take a quarter of the time to build a timeline.
#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "base/seeded_hash.hpp"
#include "base/spill_vector.hpp"
#include "timeline/grace_periods.hpp"
#include "timeline/model.hpp"

namespace rcuscope {

class Releases {
public:
    explicit Releases(const GracePeriodTracker& tracker) : tracker_(tracker) {}

    // A callback that waited for `gp_seq` was invoked; `index` is that of its row.
    void invoked(Callback& callback, std::size_t index, std::uint64_t gp_seq) {
        // Callbacks of one batch mostly waited for the same grace period.
        if (gp_seq != newest_gp_seq_ || looked_at_ != tracker_.changes())
            look_for(gp_seq);
        WaitedFor& waited = waited_for_[newest_];
        if (waited.id != 0 && could_release(callback, waited.start, waited.end)) {
            callback.grace_period = waited.id;
            waited.relied_on = true;
            return;
        }
        unreleased_.push_back({.index = static_cast<std::uint32_t>(index), .place = newest_});
    }

    // Compares with the result of GracePeriodTracker::finish() and corrects the rows. `rows`: those given to invoked();
    // rows whose invocation was withdrawn since have no invocation time.
    void settle(SpillVector<Callback>& rows, const std::vector<GracePeriod>& grace_periods);

private:
    static constexpr auto never = static_cast<std::uint64_t>(-1);

    struct WaitedFor {
        std::uint64_t gp_seq = 0;
        std::uint32_t id = 0; // unless sorting changes it; 0: no record of it yet
        MaybeTime start;
        MaybeTime end;
        bool relied_on = false; // a row uses it
    };
    struct Unreleased { // an invoked callback without a grace period so far
        std::uint32_t index = 0;
        std::uint32_t place = 0; // in waited_for_
    };

    // Whether the grace period lies between queueing and invocation. If not, the record of an assignment was lost, and
    // the callback gets no grace period rather than a wrong one.
    static bool could_release(const Callback& callback, MaybeTime start, MaybeTime end) {
        const bool began_too_early = start && *start < callback.queued;
        const bool ended_too_late = end.value_or(start.value_or(*callback.invoked)) > *callback.invoked;
        return !began_too_early && !ended_too_late;
    }

    void look_for(std::uint64_t gp_seq);
    void look(WaitedFor& waited);

    const GracePeriodTracker& tracker_;
    std::vector<WaitedFor> waited_for_;                                   // each gp_seq once
    std::unordered_map<std::uint64_t, std::uint32_t, SeededHash> places_; // gp_seq to index in waited_for_
    // The most recent gp_seq, its index in waited_for_, and GracePeriodTracker::changes() at its lookup.
    std::uint64_t newest_gp_seq_ = 0;
    std::uint32_t newest_ = 0;
    std::uint64_t looked_at_ = never;
    SpillVector<Unreleased> unreleased_; // so far
    bool changed_ = false;               // a grace period changed after a row used it
};

} // namespace rcuscope
