// SPDX-License-Identifier: BSD-2-Clause
//
// Finds the hazard cache-destroyed-with-pending-frees: a module calls kmem_cache_destroy() while RCU still has to free
// objects of that cache. hazards.hpp defines the severities.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "analysis/hazards.hpp"
#include "timeline/model.hpp"

namespace rcuscope {

// Takes callbacks in the order in which they were queued.
class DestroyedCaches {
public:
    // Keeps references to the timeline and to the callbacks that it takes.
    explicit DestroyedCaches(const Timeline& timeline);

    void take(const Callback& callback) {
        if (!caches_.empty() || !lucky_.empty())
            judge(callback);
    }

    // One hazard for each cache that a module destroyed, or that the kernel refused to destroy, while RCU still had to
    // free objects of it. Objects that were never given to RCU are ignored: they are leaked or in use.
    std::vector<Hazard> hazards() const;

private:
    // A cache that the kernel did not destroy, with its objects that RCU had not freed yet.
    struct Pending {
        const CacheLeft* left = nullptr;
        std::set<std::uint64_t> given{};          // addresses of the objects given to kfree_rcu()
        std::vector<std::string> given_in{};      // the callers of kfree_rcu(), one for each object
        std::vector<const Callback*> callbacks{}; // whose heads lie in the cache
    };

    // A cache that the kernel destroyed, only because its pending callbacks ran before the kernel looked for objects.
    struct Lucky {
        const CachePending* cache = nullptr;
        std::vector<const Callback*> callbacks{};
    };

    void judge(const Callback& callback);
    void judge(const KvfreeCall& call);
    static Hazard hazard(const Pending& pending);
    Hazard hazard(const Lucky& lucky) const;

    const Timeline& timeline_;
    std::vector<Pending> caches_; // by time
    std::vector<Lucky> lucky_;    // by time
};

} // namespace rcuscope
