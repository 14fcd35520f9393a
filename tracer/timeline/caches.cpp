// SPDX-License-Identifier: BSD-2-Clause
#include "timeline/caches.hpp"

#include <algorithm>
#include <utility>

namespace rcuscope {

void CacheTracker::slab(const event::CacheSlab& slab) {
    if (!slabs_.empty() && slabs_.back().cache != slab.what->cache) {
        slabs_.clear();
    }
    if (kept_slabs_ + slabs_.size() < most_cache_slabs) {
        slabs_.push_back(*slab.what);
    }
}

void CacheTracker::left(const Moment& moment, const event::CacheLeft& left, SharedPlace caller, SharedText comm) {
    if (!slabs_.empty() && slabs_.back().cache != left.what->cache) {
        slabs_.clear();
    }
    if (caches_left_.size() == most_caches_left) {
        return;
    }
    std::sort(slabs_.begin(), slabs_.end(), [](const auto& a, const auto& b) { return a.start < b.start; });
    kept_slabs_ += slabs_.size();
    caches_left_.push_back({.at = moment.at,
                            .tid = moment.tid,
                            .comm = comm,
                            .caller = caller,
                            .name = left.what->name,
                            .objects = left.what->objects,
                            .kvfree_barrier = left.what->kvfree_barrier,
                            .slabs = std::exchange(slabs_, {})});
}

bool CacheTracker::left_between(Nanoseconds from, Nanoseconds to) const {
    return std::any_of(caches_left_.begin(), caches_left_.end(),
                       [&](const CacheLeft& left) { return from <= left.at && left.at <= to; });
}

std::vector<CacheLeft> CacheTracker::finish() {
    sort_by_time(caches_left_, [](const CacheLeft& left) { return left.at; });
    return std::move(caches_left_);
}

} // namespace rcuscope
