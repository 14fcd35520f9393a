// SPDX-License-Identifier: BSD-2-Clause
//
// Finds the grace period that released each callback. It has ended when the callback is invoked, and later records
// rarely change it or its id. So a row gets its Callback::grace_period at invocation, and settle() compares with the
// final grace periods. A second pass over all rows would take a quarter of the time to build a timeline.
//
// Where a normal or an expedited grace period could have released it, the one that ended first did. The kernel releases
// callbacks between the end of a grace period and its announcement (`cleaned`), so one has ended before another only if
// it was announced before the other ended. Otherwise the callback gets no grace period.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "base/seeded_hash.hpp"
#include "base/spill_vector.hpp"
#include "timeline/grace_periods.hpp"
#include "timeline/model.hpp"
#include "timeline/segmented_list.hpp"

namespace rcuscope {

class Releases {
public:
    explicit Releases(const GracePeriodTracker& tracker) : tracker_(tracker) {}

    // A callback that waited for `awaited` was invoked; `index` is that of its row.
    void invoked(Callback& callback, std::size_t index, const AwaitedEnd& awaited) {
        // Callbacks of one batch mostly waited for the same grace period.
        if (awaited != newest_ || looked_at_ != tracker_.changes())
            look_for(awaited);
        const std::uint32_t by = releaser(callback, newest_places_);
        if (by != none) {
            callback.grace_period = waited_for_[by].id;
            waited_for_[by].relied_on = true;
            return;
        }
        unreleased_.push_back({.index = static_cast<std::uint32_t>(index), .places = newest_places_});
    }

    // Compares with the result of GracePeriodTracker::finish() and corrects the rows. `rows`: those given to invoked();
    // rows whose invocation was withdrawn since have no invocation time.
    void settle(SpillVector<Callback>& rows, const std::vector<GracePeriod>& grace_periods);

private:
    static constexpr auto never = static_cast<std::uint64_t>(-1);
    static constexpr auto none = static_cast<std::uint32_t>(-1);

    struct WaitedFor {
        std::uint64_t gp_seq = 0;
        bool expedited = false;
        bool relied_on = false; // a row uses it
        std::uint32_t id = 0;   // unless sorting changes it; 0: no record of it yet
        MaybeTime start;
        MaybeTime end;
        MaybeTime cleaned;
    };
    struct Places { // indexes in waited_for_
        std::uint32_t normal = none;
        std::uint32_t expedited = none; // none: no expedited one can release the callback
    };
    struct Unreleased { // an invoked callback without a grace period so far
        std::uint32_t index = 0;
        Places places;
    };
    using PlaceBySeq = std::unordered_map<std::uint64_t, std::uint32_t, SeededHash>;

    // Whether the grace period lies between queueing and invocation. If not, the record of an assignment was lost, and
    // the callback gets no grace period rather than a wrong one.
    static bool could_release(const Callback& callback, MaybeTime start, MaybeTime end) {
        const bool began_too_early = start && *start < callback.queued;
        const bool ended_too_late = end.value_or(start.value_or(*callback.invoked)) > *callback.invoked;
        return !began_too_early && !ended_too_late;
    }
    static bool could_release(const Callback& callback, const WaitedFor& waited) {
        return waited.id != 0 && could_release(callback, waited.start, waited.end);
    }
    static bool ended_before(const WaitedFor& first, const WaitedFor& second) {
        return first.cleaned && second.end && *first.cleaned <= *second.end;
    }

    // Index in waited_for_ of the grace period that released the callback; none: not known.
    std::uint32_t releaser(const Callback& callback, const Places& places) const {
        if (places.expedited == none)
            return could_release(callback, waited_for_[places.normal]) ? places.normal : none;
        return first_to_end(callback, places);
    }
    std::uint32_t first_to_end(const Callback& callback, const Places& places) const;
    void look_for(const AwaitedEnd& awaited);
    std::uint32_t place_of(bool expedited, std::uint64_t gp_seq);
    void look(WaitedFor& waited);
    bool never_ended(const WaitedFor& waited) const;

    const GracePeriodTracker& tracker_;
    std::vector<WaitedFor> waited_for_; // each grace period once
    PlaceBySeq normal_places_;          // gp_seq to index in waited_for_
    PlaceBySeq expedited_places_;
    // The end that the most recent callback waited for, and GracePeriodTracker::changes() at its lookup.
    AwaitedEnd newest_;
    Places newest_places_;
    std::uint64_t looked_at_ = never;
    SpillVector<Unreleased> unreleased_; // so far
    bool changed_ = false;               // a grace period changed after a row used it
    bool complete_ = false;              // all records are read
};

} // namespace rcuscope
