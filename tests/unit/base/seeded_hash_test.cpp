// SPDX-License-Identifier: BSD-2-Clause
#include "base/seeded_hash.hpp"

#include <bit>
#include <cstdint>
#include <gtest/gtest.h>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace rcuscope {
namespace {

HashKeys keys_of(std::uint64_t seed) {
    std::mt19937_64 random(seed);
    HashKeys keys{};
    for (HashKeys::Multiplier* each :
         {&keys.multipliers[0], &keys.multipliers[1], &keys.multipliers[2], &keys.multipliers[3], &keys.addend})
        *each = {random(), random()};
    keys.text = {random(), random()};
    return keys;
}

// SipHash-1-3 of a reference implementation (Rust's, and CPython's sys.hash_info.algorithm "siphash13" as well):
// k = 00 01 .. 0f, of the texts "", 00, 00 01, ...
TEST(SeededHash, TextIsSipHash13) {
    HashKeys keys{};
    keys.text = {0x0706050403020100, 0x0f0e0d0c0b0a0908};
    const SeededHash hash(keys);
    constexpr std::uint64_t expected[] = {0xabac0158050fc4dc, 0xc9f49bf37d57ca93, 0x82cb9b024dc7d44d,
                                          0x8bf80ab8e7ddf7fb, 0xcf75576088d38328, 0xdef9d52f49533b67,
                                          0xc50d2b50c59f22a7, 0xd3927d989bb11140, 0x369095118d299a8e};
    std::string text;
    for (const std::uint64_t each : expected) {
        EXPECT_EQ(hash(text), each) << text.size();
        text += static_cast<char>(text.size());
    }
}

// The keys are in sequence, or collide in a table of 2^n buckets without a seed. They must spread as random keys do,
// where 79 % of the keys have distinct buckets.
TEST(SeededHash, SpreadsKeysThatCollideWithoutASeed) {
    constexpr std::size_t keys = 1U << 12;
    for (const unsigned shift : {0U, 4U, 12U, 20U, 32U, 52U}) {
        for (std::uint64_t seed = 0; seed < 100; seed++) {
            std::set<std::size_t> places;
            const HashKeys drawn = keys_of(seed);
            for (std::uint64_t i = 0; i < keys; i++)
                places.insert(SeededHash(drawn)(i << shift) % (2 * keys));
            EXPECT_GT(places.size(), keys / 2) << shift << " " << seed;
        }
    }
}

// Keys that collide under some seed are useless to an attacker who does not know the process's seed.
TEST(SeededHash, CollisionsAreOfOneSeed) {
    const HashKeys one = keys_of(1);
    const HashKeys other = keys_of(2);
    std::vector<std::uint64_t> colliding;
    for (std::uint64_t word = 0; colliding.size() < 64; word++)
        if (SeededHash(one)(word) % 1024 == 0)
            colliding.push_back(word);
    std::set<std::size_t> places;
    for (const std::uint64_t word : colliding)
        places.insert(SeededHash(other)(word) % 1024);
    EXPECT_GT(places.size(), colliding.size() / 2);
}

TEST(SeededHash, EachWordCounts) {
    const SeededHash hash(HashKeys::of_process());
    EXPECT_NE(hash(1U, 2U), hash(2U, 1U));
    EXPECT_NE(hash(1U, 2U, 3U, 4U), hash(1U, 2U, 3U, 5U));
    EXPECT_EQ(hash(std::uint32_t{7}), hash(std::uint64_t{7}));
}

TEST(SeededHash, TheProcessHasOneSeed) {
    EXPECT_EQ(&HashKeys::of_process(), &HashKeys::of_process());
    EXPECT_NE(HashKeys::of_process().addend.low, 0U);
    EXPECT_EQ(SeededHash()("text"), SeededHash()("text"));
}

} // namespace
} // namespace rcuscope
