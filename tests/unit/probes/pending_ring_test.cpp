// SPDX-License-Identifier: BSD-2-Clause
//
// The programs' rings of queued callbacks (bpf/pending_ring.h).
#include <cstddef>
#include <functional>
#include <gtest/gtest.h>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "summary_layout.h"

namespace rcuscope::test {
namespace {

constexpr std::size_t ring_size = 64;

std::vector<rs_pending> entries;
std::map<rs_u32, int> forgotten;
rs_u64 steps = 0; // iterations of loops
rs_u64 pushed_at = 0;
rs_u64 times_asked = 0;

std::function<void()> preempt; // runs once a position was reserved, before its entry is written

rs_pending* rs_pending_at(const rs_pending_ring* ring, rs_u64 position) {
    if (preempt)
        std::exchange(preempt, nullptr)();
    return &entries.at(rs_pending_place(ring, position));
}

void rs_pending_forgot(rs_u32 slot) {
    forgotten[slot]++;
}

rs_u64 rs_pending_now() {
    times_asked++;
    return pushed_at;
}

template <typename Body, typename Context>
void rs_pending_loop(rs_u64 limit, Body body, Context* context) {
    for (rs_u32 i = 0; i < limit; i++) {
        steps++;
        if (body(i, context))
            break;
    }
}

#include "pending_ring.h"

constexpr rs_u64 head_of(rs_u64 number) {
    return 0xffff'8880'0000'0000 + number * 32;
}

class PendingRing : public testing::Test {
protected:
    PendingRing() {
        rs_pending_ring_make(&ring_, ring_size, ring_size); // of the second CPU
        entries.assign(2 * ring_size, {});
        forgotten.clear();
        preempt = nullptr;
        steps = times_asked = 0;
    }

    bool push(rs_u64 number) {
        pushed_at = 1000 + number;
        return rs_pending_push(&ring_, head_of(number), 3);
    }
    void push(rs_u64 from, rs_u64 to) {
        for (rs_u64 number = from; number < to; number++)
            ASSERT_TRUE(push(number)) << number;
    }
    // The time when it was queued; nullopt: unknown.
    std::optional<rs_u64> pop(rs_u64 number) {
        rs_pending popped{};
        if (!rs_pending_pop_first(&ring_, head_of(number), &popped) &&
            (rs_pending_skip(&ring_, head_of(number)) ||
             !rs_pending_pop_any(&ring_, head_of(number), &searched_, &popped)))
            return std::nullopt;
        EXPECT_EQ(rs_pending_slot(popped.key), 3u);
        return popped.ns;
    }
    void expect_pop(rs_u64 from, rs_u64 to) {
        for (rs_u64 number = from; number < to; number++)
            EXPECT_EQ(pop(number), 1000 + number);
    }
    // The pushing program is preempted before it writes its entry. Another task queues head 0 again, which is invoked
    // before the preempted program continues.
    void push_preempted() {
        preempt = [this] {
            pushed_at = 5000;
            EXPECT_TRUE(rs_pending_push(&ring_, head_of(0), 3));
            EXPECT_EQ(pop(0), 5000u);
        };
        pushed_at = 4000;
        EXPECT_TRUE(rs_pending_push(&ring_, head_of(70), 3));
    }
    rs_u64 held() const { return ring_.end - ring_.first; }

    rs_pending_ring ring_{};
    rs_u64 searched_ = 0; // for one batch
};

TEST_F(PendingRing, GivesWhatWasPutInInItsOrder) {
    for (rs_u64 round = 0; round < 10; round++) {
        push(round * 50, round * 50 + 50);
        expect_pop(round * 50, round * 50 + 50);
    }
    EXPECT_EQ(held(), 0u);
    EXPECT_TRUE(forgotten.empty());
}

// The preempted program has reserved a position that still holds an entry of the lap before.
TEST_F(PendingRing, AnEntryThatIsNotWrittenYetIsNotTheOneOfTheLapBefore) {
    push(0, ring_size / 2);
    expect_pop(0, ring_size / 2);
    push(ring_size / 2, ring_size);
    expect_pop(ring_size / 2, ring_size);
    push_preempted();
    EXPECT_EQ(preempt, nullptr);
    EXPECT_EQ(held(), 0u);
}

// The same, where entries were passed over instead of taken.
TEST_F(PendingRing, NorOneThatWasForgotten) {
    push(0, 40);
    EXPECT_EQ(pop(39), 1039u) << "more than RS_PENDING_AHEAD have been overtaken";
    ASSERT_EQ(held(), 0u);
    push(40, ring_size);
    expect_pop(40, ring_size);
    push_preempted();
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

TEST_F(PendingRing, AfterAFloodNothingIsSearchedFor) {
    constexpr rs_u64 flood = 100'000;
    std::vector<bool> known(flood);
    rs_u64 invoked = 0, timed = 0;
    const auto invoke = [&] {
        const auto queued = pop(invoked);
        ASSERT_EQ(queued.has_value(), known[invoked]) << invoked;
        ASSERT_EQ(queued.value_or(1000 + invoked), 1000 + invoked);
        timed += known[invoked++];
    };
    // Three callbacks are queued per invoked one; then the rest is invoked.
    for (rs_u64 number = 0; number < flood; number++) {
        known[number] = push(number);
        if (number > flood / 10 && number % 3 == 0)
            invoke();
    }
    while (invoked < flood)
        invoke();
    EXPECT_EQ(held(), 0u);
    EXPECT_GT(timed, 2 * ring_size);
    EXPECT_LE(steps, timed / (ring_size / 4)) << "at the end of each gap, not for each that has no entry";
    EXPECT_EQ(searched_, 0u);
    EXPECT_EQ(times_asked, timed);
    EXPECT_TRUE(push(1));
    EXPECT_EQ(pop(1), 1001u);
}

TEST_F(PendingRing, TheCallbacksOfABatchSearchSoMuchTogether) {
    push(0, 50);
    for (rs_u64 number = 1000; number < 11'000; number++)
        EXPECT_EQ(pop(number), std::nullopt);
    EXPECT_LE(steps, RS_PENDING_SEARCH + 2 * ring_size + 10'000);
    EXPECT_EQ(pop(49), std::nullopt) << "it is there, and would have to be searched for";
    EXPECT_EQ(pop(0), 1000u) << "the oldest is known at once";
    searched_ = 0;
    EXPECT_EQ(pop(49), 1049u) << "in another batch";
}

TEST_F(PendingRing, WhatHasNoEntryIsToldFromWhatIsInAnothersRing) {
    EXPECT_FALSE(rs_pending_skip(&ring_, head_of(0))) << "none was without room";
    push(0, ring_size - RS_PENDING_SLACK);
    EXPECT_FALSE(push(99));
    EXPECT_FALSE(rs_pending_skip(&ring_, head_of(99))) << "those before it come first";
    expect_pop(0, ring_size - RS_PENDING_SLACK);
    EXPECT_TRUE(rs_pending_skip(&ring_, head_of(99)));
    EXPECT_FALSE(rs_pending_skip(&ring_, head_of(100))) << "it was one";
}

// An interrupt may queue between the check of the ring and the counting of callbacks without room.
TEST_F(PendingRing, AWrongCountOfWhatIsNotInItIsMended) {
    push(0, ring_size - RS_PENDING_SLACK);
    for (rs_u64 number = 100; number < 110; number++)
        EXPECT_FALSE(push(number));
    expect_pop(0, ring_size / 2);
    push(110, 120);
    expect_pop(ring_size / 2, ring_size - RS_PENDING_SLACK);
    for (rs_u64 number = 100; number < 107; number++)
        EXPECT_EQ(pop(number), std::nullopt);
    expect_pop(110, 120);
    EXPECT_EQ(searched_, 0u);
    EXPECT_EQ(held(), 0u);
}

// A callback that was queued elsewhere, or invoked unseen, is removed eventually and does not hide others.
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
