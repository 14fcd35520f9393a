// SPDX-License-Identifier: BSD-2-Clause
#include "analysis/caches.hpp"

#include <algorithm>
#include <utility>

#include "analysis/describe.hpp"
#include "timeline/moment.hpp"

namespace rcuscope {

namespace {

// kfree_rcu() hands its objects to RCU after at most 5 s (KFREE_DRAIN_JIFFIES). An object that it got before this limit
// has been freed, and its memory is in use again.
constexpr Nanoseconds longest_kfree_rcu = 10'000'000'000;

constexpr const char* kind = "cache-destroyed-with-pending-frees";

// "nodes called kmem_cache_destroy() in nodes:nodes_exit+0x43 (task rmmod 326) for its cache nodes"
template <typename Cache>
std::string destroying(const Cache& cache) {
    const std::string& module = cache.caller->module;
    return (module.empty() ? "a module" : module) + " called kmem_cache_destroy() " + origin_of(cache.caller) +
           " (task " + cache.comm.str() + " " + std::to_string(cache.tid) + ") for its cache " + cache.name;
}

std::string cache_remedy(bool given, bool called_back, bool kvfree_barrier) {
    if (!given)
        return "call rcu_barrier() before kmem_cache_destroy(), after the last call_rcu().";
    const std::string also = called_back ? " and rcu_barrier()" : "";
    return kvfree_barrier
               ? "call kvfree_rcu_barrier()" + also + " before kmem_cache_destroy(), after the last kfree_rcu()."
               : "rcu_barrier() does not wait for kfree_rcu(), and this kernel has no kvfree_rcu_barrier(): give the "
                 "objects to call_rcu() with a callback that calls kmem_cache_free(), and call rcu_barrier() before "
                 "kmem_cache_destroy().";
}

// The wait within kmem_cache_destroy() during which the last callback was done. Empty: no such wait is known.
std::string during_wait(const Timeline& timeline, const CachePending& cache, Nanoseconds done) {
    for (const Wait& wait : timeline.waits)
        if (wait.tid == cache.tid && wait.begin >= cache.at && wait.begin <= done && (!wait.end || *wait.end >= done))
            return std::string(", during its ") + to_text(wait.kind) + "() " + origin_of(wait.caller);
    return "";
}

} // namespace

DestroyedCaches::DestroyedCaches(const Timeline& timeline) : timeline_(timeline) {
    for (const CachePending& pending : timeline.caches_pending)
        lucky_.push_back({.cache = &pending});
    for (const CacheLeft& left : timeline.caches_left)
        caches_.push_back({.left = &left});
    if (caches_.empty())
        return;
    for (const KvfreeCall& call : timeline.kvfree_calls)
        judge(call);
}

void DestroyedCaches::judge(const KvfreeCall& call) {
    for (Pending& pending : caches_) {
        const Nanoseconds at = pending.left->at;
        if (call.at <= at && elapsed(call.at, at) < longest_kfree_rcu && pending.left->holds(call.object) &&
            pending.given.insert(call.object).second)
            pending.given_in.push_back(origin_of(call.caller));
    }
}

void DestroyedCaches::judge(const Callback& callback) {
    if (callback.state == CallbackState::unknown)
        return;
    for (Pending& pending : caches_) {
        const Nanoseconds at = pending.left->at;
        if (callback.queued <= at && (!callback.done || *callback.done > at) && pending.left->holds(callback.head))
            pending.callbacks.push_back(&callback);
    }
    for (Lucky& lucky : lucky_)
        if (callback.queued <= lucky.cache->at && (!callback.done || *callback.done >= lucky.cache->at) &&
            std::ranges::binary_search(lucky.cache->heads, callback.head))
            lucky.callbacks.push_back(&callback);
}

Hazard DestroyedCaches::hazard(const Pending& pending) {
    const CacheLeft& left = *pending.left;
    const std::string& module = left.caller->module;
    std::string text = destroying(left) + ", of which " + counted(left.objects, "object") +
                       (left.objects == 1 ? " was" : " were") + " not free. RCU had yet to free ";
    if (!pending.given.empty())
        text += counted(pending.given.size(), "object") + " given to kfree_rcu() " + max_frequent(pending.given_in, 2);
    if (!pending.callbacks.empty()) {
        text += (pending.given.empty() ? "" : ", and ") + counted(pending.callbacks.size(), "object") + " whose " +
                (pending.callbacks.size() == 1 ? "callback (" : "callbacks (") + functions_of(pending.callbacks) +
                "), queued " + origins_of(pending.callbacks) + ", had not returned";
    }
    text += ". The kernel does not destroy a cache that has objects in use: it warns, and the cache is never freed: " +
            cache_remedy(!pending.given.empty(), !pending.callbacks.empty(), left.kvfree_barrier);
    return {.kind = kind,
            .severity = "fatal",
            .module = module,
            .at = left.at,
            .callbacks = ids_of(pending.callbacks),
            .text = std::move(text)};
}

Hazard DestroyedCaches::hazard(const Lucky& lucky) const {
    const CachePending& cache = *lucky.cache;
    const std::string& module = cache.caller->module;
    Nanoseconds done = cache.at;
    for (const Callback* callback : lucky.callbacks)
        done = std::max(done, callback->done.value_or(cache.at));
    const bool one = cache.callbacks == 1;
    std::string text = destroying(cache) + ", while RCU had yet to free " + counted(cache.callbacks, "object") +
                       " of it, whose " + (one ? "callback" : "callbacks");
    if (!lucky.callbacks.empty())
        text += " (" + functions_of(lucky.callbacks) + "), queued " + origins_of(lucky.callbacks) + ",";
    text += std::string(" had not run. The kernel destroyed the cache only because ") + (one ? "it" : "they") +
            " ran before kmem_cache_destroy() looked for objects in use" + during_wait(timeline_, cache, done) +
            ". It is not guaranteed to wait for call_rcu(): " + cache_remedy(false, true, false);
    return {.kind = kind,
            .severity = "latent",
            .module = module,
            .at = cache.at,
            .callbacks = ids_of(lucky.callbacks),
            .text = std::move(text)};
}

std::vector<Hazard> DestroyedCaches::hazards() const {
    std::vector<Hazard> found;
    for (const Lucky& lucky : lucky_)
        found.push_back(hazard(lucky));
    for (const Pending& pending : caches_)
        if (!pending.given.empty() || !pending.callbacks.empty())
            found.push_back(hazard(pending));
    return found;
}

} // namespace rcuscope
