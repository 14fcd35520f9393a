// SPDX-License-Identifier: BSD-2-Clause
#include <gtest/gtest.h>

#include "timeline/scenario.hpp"

namespace rcuscope::test {
namespace {

event::CacheSlab slab(std::uint64_t cache, std::uint64_t start, std::uint64_t free) {
    return {event::CacheSlab::What{.cache = cache,
                                   .start = start,
                                   .object_size = 64,
                                   .objects = 64,
                                   .in_use = 1,
                                   .free_known = true,
                                   .free = {free}}};
}

event::CacheLeft left(std::uint64_t cache, const char* name) {
    return {event::CacheLeft::What{.cache = cache, .objects = 2, .name = name}};
}

event::CachePending pending(std::uint64_t cache, const char* name) {
    return {event::CachePending::What{.cache = cache, .callbacks = 3, .heads = {0x8040, 0x8000}, .name = name}};
}

TEST(CachesPending, AreThoseThatWereDestroyed) {
    Scenario scenario;
    scenario.at(10, pending(1, "nodes")).at(11, pending(2, "edges")).at(12, left(1, "nodes")).at(13, left(3, "more"));

    const Timeline timeline = scenario.complete(99);

    ASSERT_EQ(timeline.caches_pending.size(), 1U);
    EXPECT_EQ(timeline.caches_pending[0].at, 11);
    EXPECT_EQ(timeline.caches_pending[0].name, "edges");
    EXPECT_EQ(timeline.caches_pending[0].callbacks, 3U);
    EXPECT_EQ(timeline.caches_pending[0].heads, (std::vector<std::uint64_t>{0x8000, 0x8040}));
    EXPECT_EQ(timeline.caches_left.size(), 2U);
}

TEST(CachesPending, SoManyAreKept) {
    Scenario scenario;
    for (std::uint64_t cache = 0; cache < max_caches_left + 1; cache++)
        scenario.at(10, pending(cache, "nodes"));
    EXPECT_EQ(scenario.complete(99).caches_pending.size(), max_caches_left);
}

TEST(CachesLeft, EachHasItsOwnSlabs) {
    Scenario scenario;
    scenario.at(10, slab(1, 0x8000, ~std::uint64_t{1})).at(10, slab(1, 0x9000, ~std::uint64_t{0}));
    scenario.at(11, left(1, "nodes")).at(20, left(2, "full"));

    const Timeline timeline = scenario.complete(99);

    ASSERT_EQ(timeline.caches_left.size(), 2U);
    const CacheLeft& nodes = timeline.caches_left[0];
    EXPECT_EQ(nodes.at, 11);
    EXPECT_EQ(nodes.name, "nodes");
    EXPECT_EQ(nodes.objects, 2U);
    ASSERT_EQ(nodes.slabs.size(), 2U);
    EXPECT_TRUE(nodes.holds(0x8000));
    EXPECT_TRUE(nodes.holds(0x803f));
    EXPECT_FALSE(nodes.holds(0x8040)); // free
    EXPECT_FALSE(nodes.holds(0x7fff));
    EXPECT_FALSE(nodes.holds(0x9000));
    EXPECT_TRUE(timeline.caches_left[1].slabs.empty());
}

TEST(CachesLeft, SlabsOfACacheOfWhichNothingElseIsKnownAreNobodys) {
    const Timeline timeline = Scenario().at(10, slab(1, 0x8000, 0)).at(11, left(2, "nodes")).complete(99);
    EXPECT_TRUE(timeline.caches_left.at(0).slabs.empty());
}

TEST(CachesLeft, OfSoManySlabsAndCachesAreKept) {
    Scenario scenario;
    for (std::uint64_t cache = 0; cache < max_caches_left + 1; cache++) {
        for (std::uint64_t number = 0; number < max_cache_slabs / 32; number++)
            scenario.at(10, slab(cache, 0x8000 + 0x1000 * number, 0));
        scenario.at(10, left(cache, "nodes"));
    }
    const Timeline timeline = scenario.complete(99);
    ASSERT_EQ(timeline.caches_left.size(), max_caches_left);
    EXPECT_EQ(timeline.caches_left[31].slabs.size(), max_cache_slabs / 32);
    EXPECT_TRUE(timeline.caches_left[32].slabs.empty());
}

TEST(CachesLeft, SlabsAreFoundInWhateverOrderTheyCame) {
    const Timeline timeline = Scenario()
                                  .at(10, slab(1, 0x9000, 0))
                                  .at(10, slab(1, 0x8000, ~std::uint64_t{0}))
                                  .at(11, left(1, "nodes"))
                                  .complete(99);
    EXPECT_TRUE(timeline.caches_left.at(0).holds(0x9000));
    EXPECT_FALSE(timeline.caches_left.at(0).holds(0x8000));
}

} // namespace
} // namespace rcuscope::test
