// SPDX-License-Identifier: BSD-2-Clause
#include "analysis/caches.hpp"

#include <utility>

#include "analysis/describe.hpp"
#include "timeline/moment.hpp"

namespace rcuscope {

namespace {

// kfree_rcu() hands its objects to RCU after 5 s at the latest (KFREE_DRAIN_JIFFIES). What it was given so long ago was
// freed since, and is in use again.
constexpr Nanoseconds longest_kfree_rcu = 10'000'000'000;

std::string cache_remedy(bool given, bool called_back, bool kvfree_barrier) {
    if (!given) {
        return "call rcu_barrier() before kmem_cache_destroy(), after the last call_rcu().";
    }
    const std::string also = called_back ? " and rcu_barrier()" : "";
    return kvfree_barrier
               ? "call kvfree_rcu_barrier()" + also + " before kmem_cache_destroy(), after the last kfree_rcu()."
               : "rcu_barrier() does not wait for kfree_rcu(), and this kernel has no kvfree_rcu_barrier(): give the "
                 "objects to call_rcu() with a callback that calls kmem_cache_free(), and call rcu_barrier() before "
                 "kmem_cache_destroy().";
}

} // namespace

DestroyedCaches::DestroyedCaches(const Timeline& timeline) {
    for (const CacheLeft& left : timeline.caches_left) {
        caches_.push_back({.left = &left});
    }
    if (caches_.empty()) {
        return;
    }
    for (const KvfreeCall& call : timeline.kvfree_calls) {
        judge(call);
    }
}

void DestroyedCaches::judge(const KvfreeCall& call) {
    for (Pending& pending : caches_) {
        const Nanoseconds at = pending.left->at;
        if (call.at <= at && elapsed(call.at, at) < longest_kfree_rcu && pending.left->holds(call.object) &&
            pending.given.insert(call.object).second) {
            pending.given_in.push_back(origin_of(call.caller));
        }
    }
}

void DestroyedCaches::judge(const Callback& callback) {
    if (callback.state == CallbackState::unknown) {
        return;
    }
    for (Pending& pending : caches_) {
        const Nanoseconds at = pending.left->at;
        if (callback.queued <= at && (!callback.done || *callback.done > at) && pending.left->holds(callback.head)) {
            pending.callbacks.push_back(&callback);
        }
    }
}

Hazard DestroyedCaches::hazard(const Pending& pending) {
    const CacheLeft& left = *pending.left;
    const std::string& module = left.caller->module;
    std::string text = (module.empty() ? "a module" : module) + " called kmem_cache_destroy() " +
                       origin_of(left.caller) + " (task " + left.comm.str() + " " + std::to_string(left.tid) +
                       ") for its cache " + left.name + ", of which " + counted(left.objects, "object") +
                       (left.objects == 1 ? " was" : " were") + " not free. RCU had yet to free ";
    if (!pending.given.empty()) {
        text += counted(pending.given.size(), "object") + " given to kfree_rcu() " + most_frequent(pending.given_in, 2);
    }
    if (!pending.callbacks.empty()) {
        text += (pending.given.empty() ? "" : ", and ") + counted(pending.callbacks.size(), "object") + " whose " +
                (pending.callbacks.size() == 1 ? "callback (" : "callbacks (") + functions_of(pending.callbacks) +
                "), queued " + origins_of(pending.callbacks) + ", had not returned";
    }
    text += ". The kernel does not destroy a cache that has objects in use: it warns, and the cache is never freed: " +
            cache_remedy(!pending.given.empty(), !pending.callbacks.empty(), left.kvfree_barrier);
    return {.kind = "cache-destroyed-with-pending-frees",
            .severity = "fatal",
            .module = module,
            .at = left.at,
            .callbacks = ids_of(pending.callbacks),
            .text = std::move(text)};
}

std::vector<Hazard> DestroyedCaches::hazards() const {
    std::vector<Hazard> found;
    for (const Pending& pending : caches_) {
        if (!pending.given.empty() || !pending.callbacks.empty()) {
            found.push_back(hazard(pending));
        }
    }
    return found;
}

} // namespace rcuscope
