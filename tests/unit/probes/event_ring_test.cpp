// SPDX-License-Identifier: BSD-2-Clause
//
// The event ring of a CPU from both sides: the BPF programs (bpf/event_ring.h) and user space (probes/ring.hpp).
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <functional>
#include <gtest/gtest.h>
#include <optional>
#include <random>
#include <span>
#include <utility>
#include <vector>

#include "capture/ring_records.hpp"
#include "probes/ring.hpp"
#include "probes/ring_watermark.hpp"

namespace rcuscope::test {
namespace {

std::vector<rs_segment> segments;
rs_u64 ring_bytes = 0;
rs_u64 rs_ring_segments = 0;
std::function<void()> interrupt; // runs between the read of the head and its compare-and-swap

char* rs_segment_at(rs_u64 number) {
    return reinterpret_cast<char*>(&segments.at(number));
}

int woken = 0;
rs_u64 clock_ns = 0;
std::function<void()> anything; // may run between any two steps of a program

void step() {
    if (anything)
        anything();
}
rs_u64 look_at_clock() {
    step();
    return ++clock_ns;
}

rs_u64 move(rs_u64* head, rs_u64 from, rs_u64 to) {
    if (interrupt)
        std::exchange(interrupt, nullptr)();
    step();
    return __sync_val_compare_and_swap(head, from, to);
}

// NOLINTBEGIN(bugprone-reserved-identifier): the kernel's name, and the compiler's
#define __noinline
#define __sync_val_compare_and_swap(head, from, to) move(head, from, to)
// NOLINTEND(bugprone-reserved-identifier)
#define rs_ring_bytes ring_bytes
#define rs_ring_wake_reader() woken++
#define rs_now() look_at_clock()
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wold-style-cast"
#include "event_ring.h"
#pragma GCC diagnostic pop
#undef rs_ring_bytes
#undef rs_ring_wake_reader
#undef rs_now
#undef __sync_val_compare_and_swap

class EventRing : public testing::Test {
protected:
    explicit EventRing(std::size_t bytes = 4 * RS_SEGMENT_BYTES) {
        ring_bytes = bytes;
        interrupt = nullptr;
        anything = nullptr;
        clock_ns = 0;
        woken = 0;
        rs_ring_segments = Ring::segments_for(bytes);
        segments.assign(rs_ring_segments, {});
        reader.emplace(ring, std::as_writable_bytes(std::span(segments)), bytes);
    }

    // Reserves a record of so many words, each equal to `number`, without committing it. nullptr: no room.
    rs_ring_header* reserve(rs_u64 number, std::size_t words) {
        rs_ring_header* header = rs_ring_reserve(&ring, rs_ring_bytes_of(8 * words));
        if (header) {
            EXPECT_EQ(header->size, 0u) << "what is there was not cleared";
            std::fill_n(reinterpret_cast<rs_u64*>(header + 1), words, number);
        }
        return header;
    }
    bool put(rs_u64 number, std::size_t words = 5) {
        rs_ring_header* header = reserve(number, words);
        if (header)
            rs_ring_commit(header, 8 * words);
        return header != nullptr;
    }
    // Takes all records up to the first uncommitted one, and releases them.
    std::vector<rs_u64> take() {
        std::vector<rs_u64> numbers;
        const std::uint64_t to = reader->end();
        std::uint64_t at = reader->begin();
        for (;;) {
            const auto keep = [&](std::span<const std::byte> record) {
                rs_u64 number = 0;
                std::memcpy(&number, record.data(), sizeof number);
                numbers.push_back(number);
            };
            const std::uint64_t next = Ring::after(at, for_each_ring_record(reader->piece(at, to), keep));
            if (next == at)
                break;
            at = next;
        }
        reader->release(at);
        return numbers;
    }

    rs_ring ring{};
    std::optional<Ring> reader;
};

TEST_F(EventRing, GivesBackWhatWasPutInForManyLaps) {
    rs_u64 put_in = 0, taken = 0;
    for (int round = 0; round < 5000; round++) {
        for (int i = 0; i < round % 97; i++) {
            ASSERT_TRUE(put(put_in + 1, 3 + put_in % 34));
            put_in++;
        }
        for (const rs_u64 number : take())
            ASSERT_EQ(number, ++taken);
        ASSERT_EQ(taken, put_in);
    }
    EXPECT_GT(ring.head, 20 * ring_bytes);
}

TEST_F(EventRing, RefusesWhatDoesNotFitAndGoesOnWhenItDoes) {
    rs_u64 put_in = 0;
    while (put(put_in + 1))
        put_in++;
    EXPECT_LE(ring.head, ring_bytes);
    EXPECT_GT(ring.head + RS_MOST_IN_RING, ring_bytes);
    EXPECT_EQ(take().size(), put_in);
    EXPECT_TRUE(put(1));
    EXPECT_EQ(take(), std::vector<rs_u64>{1});
}

TEST_F(EventRing, EndsWhereARecordIsNotWhole) {
    put(1);
    rs_ring_header* begun = reserve(2, 5);
    put(3);
    EXPECT_EQ(take(), std::vector<rs_u64>{1});
    EXPECT_EQ(take(), std::vector<rs_u64>{});
    rs_ring_commit(begun, 40);
    EXPECT_EQ(take(), (std::vector<rs_u64>{2, 3}));
}

TEST_F(EventRing, WhoIsInterruptedTakesTheRoomBehind) {
    interrupt = [this] { put(1, 20); };
    put(2);
    EXPECT_EQ(take(), (std::vector<rs_u64>{1, 2}));
}

TEST_F(EventRing, WhoIsInterruptedWhileUserSpaceTakesAllIsNotRefused) {
    interrupt = [this] {
        for (int i = 0; i < 10; i++)
            put(1);
        EXPECT_EQ(take().size(), 10u);
    };
    EXPECT_TRUE(put(2));
    EXPECT_EQ(take(), std::vector<rs_u64>{2});
}

TEST_F(EventRing, WhoIsInterruptedByOneThatFillsItGetsNothing) {
    const auto fill = [this] {
        while (put(1))
            ;
    };
    interrupt = fill;
    EXPECT_FALSE(put(2));
}

TEST_F(EventRing, WakesOnceWhenAQuarterIsFull) {
    while (ring.head + RS_MOST_IN_RING + 48 < ring_bytes / 4)
        put(1);
    EXPECT_EQ(woken, 0);
    EXPECT_FALSE(reader->fills_up());
    while (ring.head < ring_bytes / 4)
        put(1);
    EXPECT_EQ(woken, 1);
    EXPECT_TRUE(reader->fills_up());
    while (put(1))
        ;
    EXPECT_EQ(woken, 1);
    take();
    EXPECT_FALSE(reader->fills_up());
    while (put(1))
        ;
    EXPECT_EQ(woken, 2);
}

// Programs are interrupted or preempted by other programs and by user space at every possible step.
class Interleaved : public EventRing {
protected:
    void send() {
        rs_header* record = rs_ring_reserve_record(&ring, sizeof(rs_cb_done));
        if (!record)
            return;
        step();
        rs_ring_commit(reinterpret_cast<rs_ring_header*>(record) - 1, sizeof(rs_cb_done));
        sent++;
    }
    // A record is late if it is taken now although all records of its time were reported as taken before.
    void look() {
        const rs_u64 now = ++clock_ns;
        const std::uint64_t head = reader->end();
        std::uint64_t at = reader->begin();
        for (;;) {
            const auto check = [&](std::span<const std::byte> record) {
                rs_header header{};
                std::memcpy(&header, record.data(), sizeof header);
                late += header.ns <= seen.ns();
                taken++;
            };
            const std::uint64_t next = Ring::after(at, for_each_ring_record(reader->piece(at, head), check));
            if (next == at)
                break;
            at = next;
        }
        reader->release(at);
        seen.look(now, head, at);
    }
    void something() {
        if (depth == 5)
            return;
        depth++;
        switch (random() % 5) {
        case 0:
            look();
            break;
        case 1:
            send();
            break;
        default:
            break;
        }
        depth--;
    }

    RingWatermark seen;
    std::mt19937 random{1};
    int depth = 0;
    int sent = 0;
    int taken = 0;
    int late = 0;
};

TEST_F(Interleaved, EverythingUpToTheTimeThatIsSaidWasTaken) {
    anything = [this] { something(); };
    std::uint64_t stood_still = 0;
    for (int round = 0; round < 200'000; round++) {
        const rs_u64 before = seen.ns();
        send();
        stood_still += seen.ns() == before;
    }
    anything = nullptr;
    look();
    EXPECT_EQ(taken, sent);
    EXPECT_EQ(late, 0) << "of " << taken;
    EXPECT_EQ(seen.ns(), clock_ns);
    EXPECT_LT(stood_still, 150'000u) << "the time goes on while programs run";
}

TEST_F(Interleaved, TheTimeStandsStillWhereARecordIsNotWhole) {
    rs_header* begun = rs_ring_reserve_record(&ring, sizeof(rs_cb_done));
    const rs_u64 first_look = begun->ns + 1;
    look();
    EXPECT_EQ(seen.ns(), 0u);
    EXPECT_TRUE(seen.waits());
    send();
    look();
    EXPECT_EQ(seen.ns(), 0u);
    rs_ring_commit(reinterpret_cast<rs_ring_header*>(begun) - 1, sizeof(rs_cb_done));
    rs_header* another = rs_ring_reserve_record(&ring, sizeof(rs_cb_done));
    look();
    EXPECT_EQ(seen.ns(), first_look) << "which saw the first one, and the head behind it";
    rs_ring_commit(reinterpret_cast<rs_ring_header*>(another) - 1, sizeof(rs_cb_done));
    look();
    EXPECT_EQ(seen.ns(), clock_ns);
    EXPECT_FALSE(seen.waits());
}

class SmallEventRing : public EventRing {
protected:
    SmallEventRing() : EventRing(4096) {}
};

TEST_F(SmallEventRing, HoldsNoMoreThanItIsToldTo) {
    for (int lap = 0; lap < 100; lap++) {
        rs_u64 put_in = 0;
        while (put(put_in + 1))
            put_in++;
        EXPECT_GE(put_in, (4096 - RS_MOST_IN_RING) / 48);
        EXPECT_LE(put_in, 4096u / 48);
        EXPECT_EQ(take().size(), put_in);
    }
}

} // namespace
} // namespace rcuscope::test
