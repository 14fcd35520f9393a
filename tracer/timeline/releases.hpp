// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

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
    bool invoked(Callback& callback, std::size_t index, std::uint64_t gp_seq);

    // As GracePeriodTracker::finish() left them. Rows are those that invoked() took; of what was taken back since, the
    // invocation is gone. False: `taker` was told of grace periods what turned out otherwise.
    bool settle(CallbackRows& rows, const std::vector<GracePeriod>& grace_periods, CallbackTaker* taker);

private:
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

    std::uint32_t place_of(std::uint64_t gp_seq);
    void look(WaitedFor& waited);

    const GracePeriodTracker& tracker_;
    std::vector<WaitedFor> waited_for_; // each once
    std::unordered_map<std::uint64_t, std::uint32_t> places_;
    LongList<Unreleased> unreleased_; // as far as is known
    bool changed_ = false;            // when one was, after a row had relied on it
};

} // namespace rcuscope
