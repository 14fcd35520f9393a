// SPDX-License-Identifier: BSD-2-Clause
//
// Tests SpillTable, a hash table that may spill to a file.
#include "base/spill_table.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <gtest/gtest.h>
#include <map>
#include <random>

#include "base/seeded_hash.hpp"
#include "spill_limits.hpp"

namespace rcuscope {
namespace {

template <std::size_t bytes>
struct Value {
    std::uint32_t sum = 0;
    std::array<std::byte, bytes - sizeof(sum)> rest{};
};

// The table behaves like a std::map with the same keys, some of which occur several times.
template <std::size_t bytes_each>
void expect_as_a_map(std::uint64_t keys) {
    std::minstd_rand random;
    std::map<std::uint64_t, std::uint32_t> expected;
    SpillTable<Value<bytes_each>, SeededHash> table;
    for (std::uint32_t i = 0; i < 3 * keys; i++) {
        const std::uint64_t key = random() % keys;
        expected[key] += i;
        table[key].sum += i;
    }
    EXPECT_EQ(table.size(), expected.size());
    for (std::uint64_t key = 0; key < keys + 10; key++) {
        const auto found = expected.find(key);
        const auto* value = table.find(key);
        ASSERT_EQ(value != nullptr, found != expected.end());
        EXPECT_TRUE(value == nullptr || value->sum == found->second);
    }
    table.keep_if([](const auto& value) { return value.sum % 2 == 0; });
    std::erase_if(expected, [](const auto& entry) { return entry.second % 2 != 0; });
    EXPECT_EQ(table.size(), expected.size());
    std::uint64_t sum = 0;
    table.for_each([&](const auto& value) { sum += value.sum; });
    for (const auto& [key, value] : expected) {
        ASSERT_NE(table.find(key), nullptr);
        sum -= value;
    }
    EXPECT_EQ(sum, 0U);
}

TEST(SpillTable, IsATable) {
    expect_as_a_map<8>(5000);
}

TEST(SpillTable, IsTheSameInAFile) {
    const test::SpillLimitsGuard limits(0, 2 << 20);
    expect_as_a_map<1024>(1500);
}

TEST(SpillTable, OfNothingHasNothing) {
    SpillTable<std::uint32_t, SeededHash> table;
    EXPECT_EQ(table.find(0), nullptr);
    table.keep_if([](std::uint32_t) { return true; });
    table[0] = 7;
    ASSERT_NE(table.find(0), nullptr);
    EXPECT_EQ(*table.find(0), 7U);
    EXPECT_EQ(table.find(1), nullptr);
}

} // namespace
} // namespace rcuscope
