// SPDX-License-Identifier: BSD-2-Clause
//
// The hazard cache-destroyed-with-pending-frees: hazards.hpp says what it is.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "timeline/model.hpp"

namespace rcuscope {

// Takes callbacks by their queueing.
class DestroyedCaches {
public:
    // Refers to the timeline, and to callbacks that it takes.
    explicit DestroyedCaches(const Timeline& timeline);

    void take(const Callback& callback) {
        if (!caches_.empty() || !lucky_.empty()) {
            judge(callback);
        }
    }

    // One for each cache that a module destroyed, or that the kernel did not let it destroy, while RCU was to free
    // objects of it. Of objects that nobody gave to RCU nothing is said: they were forgotten, or are in use.
    std::vector<Hazard> hazards() const;

private:
    // What RCU had of a cache.
    struct Pending {
        const CacheLeft* left = nullptr;
        std::set<std::uint64_t> given{}; // to kfree_rcu(): objects
        std::vector<std::string> given_in{};
        std::vector<const Callback*> callbacks{};
    };

    // A cache that was destroyed since its callbacks were done by then.
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
