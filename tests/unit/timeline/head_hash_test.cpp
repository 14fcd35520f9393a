// SPDX-License-Identifier: BSD-2-Clause
//
// Tests the hash function for addresses of rcu_heads.
#include "timeline/head_hash.hpp"

#include <cstddef>
#include <cstdint>
#include <gtest/gtest.h>
#include <set>

namespace rcuscope {
namespace {

constexpr std::uint64_t heap = 0xffff888103400000;
constexpr std::size_t objects = 1U << 16;

// The number of distinct buckets of so many heads, in a table with twice as many buckets.
std::size_t different_places(std::uint64_t first, std::uint64_t apart) {
    std::set<std::size_t> places;
    for (std::uint64_t i = 0; i < objects; i++)
        places.insert(HeadHash{}(first + i * apart) % (2 * objects));
    return places.size();
}

// Random heads would have 79 % distinct buckets.
TEST(HeadHash, SpreadsHeadsOfAnySizeOfObjects) {
    for (const std::uint64_t apart :
         {1U, 8U, 16U, 24U, 32U, 40U, 64U, 96U, 192U, 256U, 1024U, 4096U, 1U << 16, 1U << 20})
        EXPECT_GT(different_places(heap + 24, apart), objects / 5 * 2) << apart;
}

// A table that grows when a search is long would grow without limit with addresses that are all in one bucket.
TEST(HeadHash, PagesThatAreInOnePlaceWithoutASeedAreSpread) {
    constexpr std::uint64_t inverse_of_0x9e3779b97f4a7c15 = 0xf1de83e19937733d;
    std::set<std::size_t> places;
    // page * 0x9e3779b97f4a7c15 >> 20 is 0 if there are fewer than 2^52 pages.
    for (std::uint64_t i = 0; i < objects; i++) {
        const std::uint64_t page = i * inverse_of_0x9e3779b97f4a7c15 & ((std::uint64_t{1} << 52) - 1);
        places.insert(HeadHash{}(page << 12) % (2 * objects));
    }
    EXPECT_GT(places.size(), objects / 5 * 2);
}

// Neighbouring heads should share a processor's cache lines, because they are often used one after the other.
TEST(HeadHash, NeighboursAreTogether) {
    for (std::uint64_t at = heap + 24; at + 64 < heap + 4096; at += 64)
        EXPECT_EQ(HeadHash{}(at + 64) - HeadHash{}(at), 4U);
}

} // namespace
} // namespace rcuscope
