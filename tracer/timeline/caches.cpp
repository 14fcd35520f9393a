// SPDX-License-Identifier: BSD-2-Clause
#include "timeline/caches.hpp"

#include <algorithm>
#include <utility>

namespace rcuscope {

void CacheTracker::slab(const event::CacheSlab& slab) {
    if (!slabs_.empty() && slabs_.back().cache != slab.what->cache)
        slabs_.clear();
    if (kept_slabs_ + slabs_.size() < max_cache_slabs)
        slabs_.push_back(*slab.what);
}

void CacheTracker::left(const Moment& moment, const event::CacheLeft& left, PooledLocation caller, PooledString comm) {
    if (!slabs_.empty() && slabs_.back().cache != left.what->cache)
        slabs_.clear();
    // The kernel did not destroy it, so it is not a CachePending.
    std::erase_if(caches_pending_, [&](const CachePending& pending) {
        return pending.cache == left.what->cache && pending.tid == moment.tid;
    });
    if (caches_left_.size() == max_caches_left)
        return;
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

void CacheTracker::pending(const Moment& moment, const event::CachePending& pending, PooledLocation caller,
                           PooledString comm) {
    if (caches_pending_.size() == max_caches_left)
        return;
    std::vector<std::uint64_t> heads = pending.what->heads;
    std::ranges::sort(heads);
    caches_pending_.push_back({.at = moment.at,
                               .tid = moment.tid,
                               .comm = comm,
                               .caller = caller,
                               .cache = pending.what->cache,
                               .name = pending.what->name,
                               .callbacks = pending.what->callbacks,
                               .heads = std::move(heads)});
}

std::vector<CacheLeft> CacheTracker::finish_left() {
    sort_by_time(caches_left_, [](const CacheLeft& left) { return left.at; });
    return std::move(caches_left_);
}

std::vector<CachePending> CacheTracker::finish_pending() {
    sort_by_time(caches_pending_, [](const CachePending& pending) { return pending.at; });
    return std::move(caches_pending_);
}

} // namespace rcuscope
