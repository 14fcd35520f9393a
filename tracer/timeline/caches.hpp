// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <cstddef>
#include <vector>

#include "base/shared_text.hpp"
#include "capture/event.hpp"
#include "timeline/code_place.hpp"
#include "timeline/model.hpp"
#include "timeline/moment.hpp"

namespace rcuscope {

// Caches that the kernel could not destroy, and their slabs, which come before them; and others that were destroyed
// while callbacks had objects of them.
class CacheTracker {
public:
    void slab(const event::CacheSlab& slab);
    void left(const Moment& moment, const event::CacheLeft& left, SharedPlace caller, SharedText comm);

    void pending(const Moment& moment, const event::CachePending& pending, SharedPlace caller, SharedText comm);

    // Whether one was destroyed from the one time to the other.
    bool destroyed_between(Nanoseconds from, Nanoseconds to) const;

    std::vector<CacheLeft> finish_left();
    std::vector<CachePending> finish_pending();

private:
    std::vector<event::CacheSlab::What> slabs_; // of the cache that is next
    std::size_t kept_slabs_ = 0;
    std::vector<CacheLeft> caches_left_;
    std::vector<CachePending> caches_pending_;
};

} // namespace rcuscope
