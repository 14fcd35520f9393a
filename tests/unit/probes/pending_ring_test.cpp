// SPDX-License-Identifier: BSD-2-Clause
//
// The rings of queued callbacks, as the programs have them (bpf/pending_ring.h).
#include <cstddef>
#include <gtest/gtest.h>
#include <map>
#include <optional>
#include <vector>

#include "summary_layout.h"

namespace rcuscope::test {
namespace {

constexpr std::size_t ring_size = 64;

std::vector<rs_pending> entries;
std::map<rs_u32, int> forgotten;

rs_pending* rs_pending_at(const rs_pending_ring* ring, rs_u64 position) {
    return &entries.at(rs_pending_place(ring, position));
}

void rs_pending_forgot(rs_u32 slot) {
    forgotten[slot]++;
}

template <typename Body, typename Context>
void rs_pending_loop(rs_u32 most, Body body, Context* context) {
    for (rs_u32 i = 0; i < most; i++)
        if (body(i, context))
            break;
}

#include "pending_ring.h"

constexpr rs_u64 head_of(rs_u64 number) {
    return 0xffff'8880'0000'0000 + number * 32;
}

class PendingRing : public testing::Test {
protected:
    PendingRing() {
        rs_pending_ring_make(&ring_, ring_size, ring_size); // the second CPU's
        entries.assign(2 * ring_size, {});
        forgotten.clear();
    }

    bool push(rs_u64 number) { return rs_pending_push(&ring_, head_of(number), 3, 1000 + number); }
    void push(rs_u64 from, rs_u64 to) {
        for (rs_u64 number = from; number < to; number++)
            ASSERT_TRUE(push(number)) << number;
    }
    // When it was queued; none: that is not known.
    std::optional<rs_u64> pop(rs_u64 number) {
        rs_pending popped{};
        if (!rs_pending_pop_first(&ring_, head_of(number), &popped) &&
            !rs_pending_pop_any(&ring_, head_of(number), &popped))
            return std::nullopt;
        EXPECT_EQ(rs_pending_slot(popped.key), 3u);
        return popped.ns;
    }
    void expect_pop(rs_u64 from, rs_u64 to) {
        for (rs_u64 number = from; number < to; number++)
            EXPECT_EQ(pop(number), 1000 + number);
    }
    rs_u64 held() const { return ring_.end - ring_.first; }

    rs_pending_ring ring_{};
};

TEST_F(PendingRing, GivesWhatWasPutInInItsOrder) {
    for (rs_u64 round = 0; round < 10; round++) {
        push(round * 50, round * 50 + 50);
        expect_pop(round * 50, round * 50 + 50);
    }
    EXPECT_EQ(held(), 0u);
    EXPECT_TRUE(forgotten.empty());
}

TEST_F(PendingRing, TakesTheOldestOnlyIfItIsTheOne) {
    push(0, 3);
    rs_pending popped{};
    EXPECT_FALSE(rs_pending_pop_first(&ring_, head_of(1), &popped));
    EXPECT_TRUE(rs_pending_pop_first(&ring_, head_of(0), &popped));
    EXPECT_EQ(popped.ns, 1000u);
}

TEST_F(PendingRing, TwoThatChangedPlacesAreBothKnown) {
    push(0, 10);
    EXPECT_EQ(pop(1), 1001u);
    EXPECT_EQ(pop(0), 1000u);
    expect_pop(2, 10);
    EXPECT_TRUE(forgotten.empty());
}

TEST_F(PendingRing, WhatIsNotInItChangesNothing) {
    push(0, 5);
    EXPECT_EQ(pop(77), std::nullopt);
    expect_pop(0, 5);
    EXPECT_EQ(pop(77), std::nullopt) << "of an empty one";
    EXPECT_TRUE(forgotten.empty());
}

TEST_F(PendingRing, IsFullBeforeItOverwrites) {
    push(0, ring_size - RS_PENDING_SLACK);
    EXPECT_FALSE(push(99));
    expect_pop(0, ring_size - RS_PENDING_SLACK);
    EXPECT_EQ(pop(99), std::nullopt);
    EXPECT_TRUE(push(100));
    EXPECT_EQ(pop(100), 1100u);
}

// One that was queued elsewhere, or is invoked unseen, does not stay for ever, and keeps none from being known.
TEST_F(PendingRing, OneThatNeverComesIsPassedBy) {
    push(0, 50);
    expect_pop(1, 1 + RS_PENDING_AHEAD);
    EXPECT_EQ(forgotten[3], 1);
    expect_pop(1 + RS_PENDING_AHEAD, 50);
    EXPECT_EQ(held(), 0u);
    EXPECT_EQ(forgotten[3], 1);
    EXPECT_EQ(pop(0), std::nullopt);
}

TEST_F(PendingRing, AWholeBatchThatWentByUnseenIsPassedByAtOnce) {
    push(0, 50);
    EXPECT_EQ(pop(40), 1040u);
    EXPECT_EQ(forgotten[3], 40);
    expect_pop(41, 50);
    EXPECT_EQ(held(), 0u);
}

TEST_F(PendingRing, KeysTellHeadsApartAndKeepTheSlot) {
    for (const rs_u64 head : {head_of(0), rs_u64{0xff11'0000'0000'0008}, rs_u64{0xffff'ffff'ffff'fff8}}) {
        const rs_u64 key = rs_pending_key(head, RS_SLOT_UNCOUNTED);
        EXPECT_TRUE(rs_is_pending(key, head));
        EXPECT_FALSE(rs_is_pending(key, head - 8));
        EXPECT_FALSE(rs_is_pending(key, head ^ 1ULL << 56));
        EXPECT_EQ(rs_pending_slot(key), rs_u32{RS_SLOT_UNCOUNTED});
    }
    EXPECT_FALSE(rs_is_pending(0, head_of(0))) << "taken out of order";
}

} // namespace
} // namespace rcuscope::test
