// SPDX-License-Identifier: BSD-2-Clause
#include "timeline/releases.hpp"

#include <algorithm>

namespace rcuscope {

std::uint32_t Releases::place_of(bool expedited, std::uint64_t gp_seq) {
    PlaceBySeq& places = expedited ? expedited_places_ : normal_places_;
    const auto [known, added] = places.try_emplace(gp_seq, static_cast<std::uint32_t>(waited_for_.size()));
    if (added) {
        WaitedFor& waited = waited_for_.emplace_back();
        waited.gp_seq = gp_seq;
        waited.expedited = expedited;
    }
    look(waited_for_[known->second]);
    return known->second;
}

void Releases::look_for(const AwaitedEnd& awaited) {
    newest_ = awaited;
    looked_at_ = tracker_.changes();
    newest_places_.normal = place_of(false, awaited.gp_seq);
    newest_places_.expedited = awaited.expedited ? place_of(true, *awaited.expedited) : none;
}

void Releases::look(WaitedFor& waited) {
    if (waited.id == 0) {
        const auto index = tracker_.find(waited.expedited, counter_released_by(waited.gp_seq));
        if (!index)
            return;
        waited.id = static_cast<std::uint32_t>(*index + 1);
    }
    const GracePeriod& now = tracker_.so_far()[waited.id - 1];
    waited.cleaned = now.cleaned;
    if (now.start != waited.start || now.end != waited.end) {
        waited.start = now.start;
        waited.end = now.end;
        changed_ = changed_ || waited.relied_on;
    }
}

// No later grace period of this kind is known, so this one had not ended when the recording did. Before all records are
// read, a grace period without an end is either in progress, or the record of its end was lost.
bool Releases::never_ended(const WaitedFor& waited) const {
    return complete_ && !waited.end && !tracker_.find(waited.expedited, waited.gp_seq >> rcu_seq_ctr_shift);
}

std::uint32_t Releases::first_to_end(const Callback& callback, const Places& places) const {
    const WaitedFor& normal = waited_for_[places.normal];
    const WaitedFor& expedited = waited_for_[places.expedited];
    const bool by_normal = could_release(callback, normal);
    const bool by_expedited = could_release(callback, expedited);
    if (!by_normal || !by_expedited)
        return by_normal ? places.normal : by_expedited ? places.expedited : none;
    if (ended_before(expedited, normal) || never_ended(normal))
        return places.expedited;
    if (ended_before(normal, expedited) || never_ended(expedited))
        return places.normal;
    return none;
}

void Releases::settle(SpillVector<Callback>& rows, const std::vector<GracePeriod>& grace_periods) {
    complete_ = true;
    bool renumbered = false;
    std::vector<const GracePeriod*> by_id; // by WaitedFor::id so far
    for (WaitedFor& waited : waited_for_) {
        const auto index = tracker_.find(waited.expedited, counter_released_by(waited.gp_seq));
        const GracePeriod* row = index ? &grace_periods[*index] : nullptr;
        by_id.resize(std::max<std::size_t>(by_id.size(), waited.id + 1));
        by_id[waited.id] = row;
        if (waited.relied_on) {
            changed_ = changed_ || row == nullptr || row->start != waited.start || row->end != waited.end;
            renumbered = renumbered || row == nullptr || row->id != waited.id;
        }
        waited.id = row != nullptr ? row->id : 0;
        waited.start = row != nullptr ? row->start : std::nullopt;
        waited.end = row != nullptr ? row->end : std::nullopt;
        waited.cleaned = row != nullptr ? row->cleaned : std::nullopt;
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
        Callback& callback = rows[each.index];
        if (!callback.invoked)
            continue;
        const std::uint32_t by = releaser(callback, each.places);
        if (by != none)
            callback.grace_period = waited_for_[by].id;
    }
}

} // namespace rcuscope
