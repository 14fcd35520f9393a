// SPDX-License-Identifier: BSD-2-Clause
//
// Tests the hazard of a cache that is destroyed while frees of its objects are pending.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analysis/recording.hpp"

namespace rcuscope::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

constexpr std::uint64_t slab_start = 0x8000;
constexpr std::uint64_t object_size = 64;

// The exit function of rcu_unload destroys a cache at 450. Objects 0 to 3 of its only slab are in use.
Unloading destroying() {
    Unloading scene;
    scene.timeline.caches_left.push_back(
        {.at = 450,
         .tid = 77,
         .comm = "rmmod",
         .caller =
             CodeLocation{.address = 0xc99, .function = "rcu_unload_exit", .module = "rcu_unload", .offset = 0x99},
         .name = "nodes",
         .objects = 4,
         .slabs = {{.cache = 1,
                    .start = slab_start,
                    .object_size = static_cast<std::uint32_t>(object_size),
                    .objects = 64,
                    .in_use = 4,
                    .free_known = true,
                    .free = {~std::uint64_t{0xf}}}}});
    return scene;
}

void kfree_rcu(Unloading& scene, Nanoseconds at, std::uint64_t object) {
    scene.timeline.kvfree_calls.push_back(
        KvfreeCall{.at = at,
                   .comm = "rmmod",
                   .caller = CodeLocation{.address = 0xc50, .function = "put", .module = "rcu_unload", .offset = 0x50},
                   .object = object});
}

TEST(CacheDestroyed, WithObjectsThatKfreeRcuHas) {
    Unloading scene = destroying();
    kfree_rcu(scene, 400, slab_start);
    kfree_rcu(scene, 410, slab_start + 3 * object_size);
    kfree_rcu(scene, 420, slab_start + 4 * object_size);  // free by then
    kfree_rcu(scene, 430, slab_start + 64 * object_size); // not one of its objects
    kfree_rcu(scene, 460, slab_start + object_size);      // later

    const auto hazards = scene.find();

    ASSERT_EQ(hazards.size(), 1U);
    EXPECT_EQ(hazards[0].kind, "cache-destroyed-with-pending-frees");
    EXPECT_EQ(hazards[0].severity, "fatal");
    EXPECT_EQ(hazards[0].module, "rcu_unload");
    EXPECT_EQ(hazards[0].at, 450);
    EXPECT_THAT(
        hazards[0].text,
        HasSubstr("rcu_unload called kmem_cache_destroy() in rcu_unload:rcu_unload_exit+0x99 (task rmmod 77) for "
                  "its cache nodes, of which 4 objects were not free. RCU had yet to free 2 objects given to "
                  "kfree_rcu() in rcu_unload:put+0x50. The kernel does not destroy a cache"));
    EXPECT_THAT(hazards[0].text, HasSubstr("rcu_barrier() does not wait for kfree_rcu(), and this kernel has no "
                                           "kvfree_rcu_barrier(): give the objects to call_rcu()"));
}

TEST(CacheDestroyed, TheRemedyIsOfTheKernelsOwn) {
    Unloading scene = destroying();
    kfree_rcu(scene, 400, slab_start);
    scene.timeline.caches_left[0].kvfree_barrier = true;
    EXPECT_THAT(scene.find().at(0).text, HasSubstr("call kvfree_rcu_barrier() before kmem_cache_destroy()"));
}

TEST(CacheDestroyed, WithObjectsWhoseCallbacksHadNotRun) {
    Unloading scene = destroying();
    scene.stays();
    scene.callback(300, 350, 360).head(slab_start);                   // done before
    scene.callback(410, 455, 456).head(slab_start + object_size + 8); // within the object
    scene.callback(440, 460, 470).head(0x100);

    const auto hazards = scene.find();

    ASSERT_EQ(hazards.size(), 1U);
    EXPECT_THAT(hazards[0].callbacks, ElementsAre(2));
    EXPECT_THAT(hazards[0].text, HasSubstr("1 object whose callback (rcu_unload:node_free), queued in "
                                           "rcu_unload:writer_fn+0x12 (CPU 0, task writer), had not returned"));
    EXPECT_THAT(hazards[0].text, HasSubstr("call rcu_barrier() before kmem_cache_destroy()"));
    EXPECT_THAT(hazards[0].text, Not(HasSubstr("kfree_rcu")));
}

// The same, but the cache could be destroyed.
Unloading destroyed() {
    Unloading scene;
    scene.timeline.caches_pending.push_back(
        {.at = 450,
         .tid = 77,
         .comm = "rmmod",
         .caller =
             CodeLocation{.address = 0xc99, .function = "rcu_unload_exit", .module = "rcu_unload", .offset = 0x99},
         .cache = 1,
         .name = "nodes",
         .callbacks = 2,
         .heads = {slab_start, slab_start + object_size}});
    return scene;
}

TEST(CacheDestroyed, SinceItsCallbacksRanJustBefore) {
    Unloading scene = destroyed();
    scene.stays();
    scene.callback(300, 350, 360).head(slab_start); // the same object before
    scene.callback(410, 455, 456).head(slab_start);
    scene.callback(440, 460, 470).head(slab_start + object_size);
    scene.callback(440, 460, 480).head(0x100);
    scene.callback(460, 470, 480).head(slab_start); // after the destruction
    scene.timeline.waits.push_back({.kind = event::WaitKind::rcu_barrier, .tid = 77, .begin = 451, .end = 469});
    scene.timeline.waits.push_back({.kind = event::WaitKind::rcu_barrier, .tid = 78, .begin = 451, .end = 475});
    scene.timeline.waits.push_back(
        {.kind = event::WaitKind::rcu_barrier,
         .tid = 77,
         .caller = CodeLocation{.address = 1, .function = "flush_rcu_work", .module = "", .offset = 0x2e},
         .begin = 465,
         .end = 475});

    const auto hazards = scene.find();

    ASSERT_EQ(hazards.size(), 1U);
    EXPECT_EQ(hazards[0].kind, "cache-destroyed-with-pending-frees");
    EXPECT_EQ(hazards[0].severity, "latent");
    EXPECT_EQ(hazards[0].module, "rcu_unload");
    EXPECT_EQ(hazards[0].at, 450);
    EXPECT_THAT(hazards[0].callbacks, ElementsAre(2, 3));
    EXPECT_THAT(hazards[0].text,
                HasSubstr("rcu_unload called kmem_cache_destroy() in rcu_unload:rcu_unload_exit+0x99 (task rmmod 77) "
                          "for its cache nodes, while RCU had yet to free 2 objects of it, whose callbacks "
                          "(rcu_unload:node_free), queued in rcu_unload:writer_fn+0x12 (CPU 0, task writer), had not "
                          "run. The kernel destroyed the cache only because they ran before kmem_cache_destroy() "
                          "looked for objects in use, during its rcu_barrier() in flush_rcu_work+0x2e. It is not "
                          "guaranteed to wait for call_rcu(): call rcu_barrier() before kmem_cache_destroy()"));
}

TEST(CacheDestroyed, BeforeItsOnlyCallbackWasRecorded) {
    Unloading scene = destroyed();
    scene.timeline.caches_pending[0].callbacks = 1;
    scene.stays();
    const auto hazards = scene.find();
    ASSERT_EQ(hazards.size(), 1U);
    EXPECT_THAT(hazards[0].callbacks, IsEmpty());
    EXPECT_THAT(hazards[0].text, HasSubstr("RCU had yet to free 1 object of it, whose callback had not run. The kernel "
                                           "destroyed the cache only because it ran before kmem_cache_destroy() looked "
                                           "for objects in use. It is not guaranteed to wait"));
}

TEST(CacheDestroyed, WhatWasGivenLongBeforeIsInUseAgain) {
    Unloading scene = destroying();
    scene.timeline.caches_left[0].at = 20'000'000'000;
    kfree_rcu(scene, 10'000'000'000, slab_start);
    EXPECT_THAT(scene.find(), IsEmpty());
    kfree_rcu(scene, 10'000'000'001, slab_start);
    EXPECT_THAT(scene.find(), SizeIs(1));
}

TEST(CacheDestroyed, OfACallbackThatMayHaveRunNothingIsSaid) {
    Unloading scene = destroying();
    scene.stays().callback(300).head(slab_start).unknown();
    EXPECT_THAT(scene.find(), IsEmpty());
}

TEST(CacheDestroyed, WhatNobodyGaveToRcuIsNotRcus) {
    EXPECT_THAT(destroying().find(), IsEmpty());
}

TEST(CacheDestroyed, WhereFreeObjectsAreNotKnownNothingIsSaid) {
    Unloading scene = destroying();
    kfree_rcu(scene, 400, slab_start);
    scene.timeline.caches_left[0].slabs[0].free_known = false;
    EXPECT_THAT(scene.find(), IsEmpty());
}

} // namespace
} // namespace rcuscope::test
