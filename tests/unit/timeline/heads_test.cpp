// SPDX-License-Identifier: BSD-2-Clause
#include "timeline/heads.hpp"

#include <cstddef>
#include <cstdint>
#include <gtest/gtest.h>
#include <set>

namespace rcuscope {
namespace {

constexpr std::uint64_t heap = 0xffff888103400000;
constexpr std::size_t objects = 1U << 16;

// Of the addresses of as many heads, in a table of twice as many places.
std::size_t different_places(std::uint64_t first, std::uint64_t apart) {
    std::set<std::size_t> places;
    for (std::uint64_t i = 0; i < objects; i++) {
        places.insert(HeadHash{}(first + i * apart) % (2 * objects));
    }
    return places.size();
}

// By chance 79 of 100 places would be different.
TEST(HeadHash, SpreadsHeadsOfAnySizeOfObjects) {
    for (const std::uint64_t apart :
         {1U, 8U, 16U, 24U, 32U, 40U, 64U, 96U, 192U, 256U, 1024U, 4096U, 1U << 16, 1U << 20}) {
        EXPECT_GT(different_places(heap + 24, apart), objects / 5 * 2) << apart;
    }
}

// A table that grows when a search is long grows without end if addresses can be had that are in one place.
TEST(HeadHash, PagesThatAreInOnePlaceWithoutASeedAreSpread) {
    constexpr std::uint64_t inverse_of_0x9e3779b97f4a7c15 = 0xf1de83e19937733d;
    std::set<std::size_t> places;
    for (std::uint64_t i = 0; i < objects; i++) { // page * 0x9e3779b97f4a7c15 >> 20 is 0, if less than 2^52 are pages
        const std::uint64_t page = i * inverse_of_0x9e3779b97f4a7c15 & ((std::uint64_t{1} << 52) - 1);
        places.insert(HeadHash{}(page << 12) % (2 * objects));
    }
    EXPECT_GT(places.size(), objects / 5 * 2);
}

// So that those that are used one after the other share a processor's cache lines.
TEST(HeadHash, NeighboursAreTogether) {
    for (std::uint64_t at = heap + 24; at + 64 < heap + 4096; at += 64) {
        EXPECT_EQ(HeadHash{}(at + 64) - HeadHash{}(at), 4U);
    }
}

} // namespace
} // namespace rcuscope
