// SPDX-License-Identifier: BSD-2-Clause
//
// Follows kmem_cache_destroy() of followed modules. CacheLeft: a cache that the kernel could not destroy, since objects
// of it were in use; its slabs come in CacheSlab events before it. CachePending: a cache that was destroyed while
// queued callbacks had their rcu_head in objects of it.
#pragma once

#include <cstddef>
#include <vector>

#include "base/pooled_string.hpp"
#include "capture/event.hpp"
#include "timeline/code_location.hpp"
#include "timeline/model.hpp"
#include "timeline/moment.hpp"

namespace rcuscope {

class CacheTracker {
public:
    void slab(const event::CacheSlab& slab);
    void left(const Moment& moment, const event::CacheLeft& left, PooledLocation caller, PooledString comm);

    void pending(const Moment& moment, const event::CachePending& pending, PooledLocation caller, PooledString comm);

    std::vector<CacheLeft> finish_left();
    std::vector<CachePending> finish_pending();

private:
    std::vector<event::CacheSlab::What> slabs_; // of the cache whose CacheLeft comes next
    std::size_t kept_slabs_ = 0;
    std::vector<CacheLeft> caches_left_;
    std::vector<CachePending> caches_pending_;
};

} // namespace rcuscope
