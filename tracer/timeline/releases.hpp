// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "base/seeded_hash.hpp"
#include "timeline/callback_rows.hpp"
#include "timeline/callback_taker.hpp"
#include "timeline/grace_periods.hpp"
#include "timeline/model.hpp"

namespace rcuscope {

// Which grace period released each callback. It has ended when the callback is invoked, and mostly nothing that is
// learnt later changes it or its id: so a row has its final Callback::grace_period while it is at hand, and what was
// learnt is compared at the end. Going through all rows again would cost a quarter of a timeline.
class Releases {
public:
    explicit Releases(const GracePeriodTracker& tracker) : tracker_(tracker) {}

    // A callback that waited for `gp_seq` was invoked; `index` is its place among the rows. False: settle() will want
    // its row.
    bool invoked(Callback& callback, std::size_t index, std::uint64_t gp_seq) {
        // Those of a batch mostly waited for the same one.
        if (gp_seq != newest_gp_seq_ || looked_at_ != tracker_.changes()) {
            look_for(gp_seq);
        }
        WaitedFor& waited = waited_for_[newest_];
        if (waited.id != 0 && could_release(callback, waited.start, waited.end)) {
            callback.grace_period = waited.id;
            waited.relied_on = true;
            return true;
        }
        unreleased_.push_back({.index = static_cast<std::uint32_t>(index), .place = newest_});
        return false;
    }

    // As GracePeriodTracker::finish() left them. Rows are those that invoked() took; of what was taken back since, the
    // invocation is gone. False: `taker` was told of grace periods what turned out otherwise.
    bool settle(CallbackRows& rows, const std::vector<GracePeriod>& grace_periods, CallbackTaker* taker);

private:
    static constexpr auto never = static_cast<std::uint64_t>(-1);

    struct WaitedFor {
        std::uint64_t gp_seq = 0;
        std::uint32_t id = 0; // if no other comes before it; 0: nothing was seen of it
        MaybeTime start;
        MaybeTime end;
        bool relied_on = false; // by a row
    };
    struct Unreleased { // an invoked callback
        std::uint32_t index = 0;
        std::uint32_t place = 0; // in waited_for_
    };

    // Whether it lies between queueing and invocation. If it does not, a record of an assignment was lost: better no
    // grace period than a wrong one.
    static bool could_release(const Callback& callback, MaybeTime start, MaybeTime end) {
        const bool began_too_early = start && *start < callback.queued;
        const bool ended_too_late = end.value_or(start.value_or(*callback.invoked)) > *callback.invoked;
        return !began_too_early && !ended_too_late;
    }

    void look_for(std::uint64_t gp_seq);
    void look(WaitedFor& waited);

    const GracePeriodTracker& tracker_;
    std::vector<WaitedFor> waited_for_; // each once
    std::unordered_map<std::uint64_t, std::uint32_t, SeededHash> places_;
    // The one that was waited for last, and what was known when it was looked at.
    std::uint64_t newest_gp_seq_ = 0;
    std::uint32_t newest_ = 0;
    std::uint64_t looked_at_ = never;
    LongList<Unreleased> unreleased_; // as far as is known
    bool changed_ = false;            // one was, after a row had relied on it
};

} // namespace rcuscope
