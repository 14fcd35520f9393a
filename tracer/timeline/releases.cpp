// SPDX-License-Identifier: BSD-2-Clause
#include "timeline/releases.hpp"

#include <algorithm>

namespace rcuscope {

void Releases::look_for(std::uint64_t gp_seq) {
    const auto [known, added] = places_.try_emplace(gp_seq, static_cast<std::uint32_t>(waited_for_.size()));
    if (added)
        waited_for_.emplace_back().gp_seq = gp_seq;
    newest_gp_seq_ = gp_seq;
    newest_ = known->second;
    looked_at_ = tracker_.changes();
    look(waited_for_[newest_]);
}

void Releases::look(WaitedFor& waited) {
    if (waited.id == 0) {
        const auto index = tracker_.find_normal(counter_released_by(waited.gp_seq));
        if (!index)
            return;
        waited.id = static_cast<std::uint32_t>(*index + 1);
    }
    const GracePeriod& now = tracker_.so_far()[waited.id - 1];
    if (now.start != waited.start || now.end != waited.end) {
        waited.start = now.start;
        waited.end = now.end;
        changed_ = changed_ || waited.relied_on;
    }
}

void Releases::settle(SpillVector<Callback>& rows, const std::vector<GracePeriod>& grace_periods) {
    bool renumbered = false;
    std::vector<const GracePeriod*> final; // by index in waited_for_
    std::vector<const GracePeriod*> by_id; // by WaitedFor::id
    for (const WaitedFor& waited : waited_for_) {
        const auto index = tracker_.find_normal(counter_released_by(waited.gp_seq));
        const GracePeriod* row = index ? &grace_periods[*index] : nullptr;
        final.push_back(row);
        by_id.resize(std::max<std::size_t>(by_id.size(), waited.id + 1));
        by_id[waited.id] = row;
        if (waited.relied_on) {
            changed_ = changed_ || row == nullptr || row->start != waited.start || row->end != waited.end;
            renumbered = renumbered || row == nullptr || row->id != waited.id;
        }
    }
    if (changed_ || renumbered) {
        for (Callback& callback : rows) {
            if (callback.grace_period) {
                const GracePeriod* row = by_id[*callback.grace_period];
                callback.grace_period = std::nullopt;
                if (row != nullptr && could_release(callback, row->start, row->end))
                    callback.grace_period = row->id;
            }
        }
    }
    for (const Unreleased& each : unreleased_) {
        const GracePeriod* row = final[each.place];
        if (row == nullptr)
            continue;
        Callback& callback = rows[each.index];
        if (callback.invoked && could_release(callback, row->start, row->end))
            callback.grace_period = row->id;
    }
}

} // namespace rcuscope
