// SPDX-License-Identifier: BSD-2-Clause
//
// The protocol of an event ring (bpf/event_ring.h, probes/ring.hpp) with real threads: two producers of one ring, and
// a consumer that sleeps until a producer wakes it. In the kernel all producers of a ring run on one CPU and interrupt
// each other: one test does that at each instruction. Threads on several CPUs see each other's stores in more orders,
// which ThreadSanitizer judges.
#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <gtest/gtest.h>
#include <optional>
#include <semaphore>
#include <span>
#include <stop_token>
#include <thread>
#include <ucontext.h>
#include <vector>

#include "capture/ring_records.hpp"
#include "compiler.h"
#include "probes/ring.hpp"

namespace rcuscope::test {
namespace {

std::array<rs_segment, 2> segments;
rs_u64 rs_ring_bytes = 0;
rs_u64 rs_ring_segments = 0;
std::counting_semaphore<> wakeups{0};

char* rs_segment_at(rs_u64 number) {
    return reinterpret_cast<char*>(&segments.at(number));
}

void rs_ring_wake_reader() {
    wakeups.release();
}

[[maybe_unused]] rs_u64 rs_now() { // these records have no time
    return 0;
}

// A program can be stopped after each read, long enough for the other threads to do anything.
rs_u64 read_and_stop(const rs_u64& word) {
    const rs_u64 value = RS_READ_ONCE(word);
    thread_local unsigned reads = 0;
    if (++reads % 61 == 0) // a prime, so that each of the reads of a reservation gets its turn
        std::this_thread::yield();
    return value;
}

#undef RS_READ_ONCE
#define RS_READ_ONCE(word) read_and_stop(word)
#define __noinline // NOLINT(bugprone-reserved-identifier): the kernel's name
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wold-style-cast"
#include "event_ring.h"
#pragma GCC diagnostic pop
#undef RS_READ_ONCE

constexpr std::size_t producers = 2;
constexpr std::chrono::seconds patience(30); // without any record, for a machine that is busy

// All words of a record are equal, and say which record of which producer it is. The length follows from that.
rs_u64 word_of(std::size_t producer, rs_u64 number) {
    return (number << 1 | producer) + 1; // never 0
}
std::size_t words_of(rs_u64 word) {
    return 1 + word % (RS_MOST_IN_RING / 8 - 1);
}

struct Producer {
    std::size_t id;
    rs_u64 number = 0;         // of records in the ring
    std::size_t uncleared = 0; // words that were not zero before this wrote them

    // False: the ring is full, or the other producer was faster each time.
    bool put(rs_ring& ring) {
        const rs_u64 word = word_of(id, number);
        const std::size_t size = 8 * words_of(word);
        rs_ring_header* header = rs_ring_reserve(&ring, rs_ring_bytes_of(size));
        if (header == nullptr)
            return false;
        uncleared += header->size != 0;
        for (rs_u64& place : std::span(reinterpret_cast<rs_u64*>(header + 1), words_of(word))) {
            uncleared += place != 0;
            place = word;
        }
        rs_ring_commit(header, size);
        number++;
        return true;
    }
};

class EventRingThreads : public testing::TestWithParam<std::size_t> {
protected:
    EventRingThreads() { start(0); }
    ~EventRingThreads() override {
        while (wakeups.try_acquire()) {
        }
    }

    // Begins with an empty ring whose positions are `head`.
    void start(rs_u64 head) {
        rs_ring_bytes = GetParam();
        rs_ring_segments = Ring::segments_for(rs_ring_bytes);
        segments = {};
        ring = {.head = head, .tail = head};
        all = {{{.id = 0}, {.id = 1}}};
        taken = {};
        reader.emplace(ring, std::as_writable_bytes(std::span(segments)).first(rs_ring_segments * RS_SEGMENT_BYTES),
                       rs_ring_bytes);
    }

    // Takes records until the producers have ended, and sleeps whenever a producer is to wake it.
    void consume() {
        auto progress = std::chrono::steady_clock::now();
        for (bool over = false; !over;) {
            over = ended == producers;
            const auto before = taken;
            take_all();
            const auto now = std::chrono::steady_clock::now();
            progress = taken == before ? progress : now;
            if (now - progress > patience)
                FAIL() << "a record never becomes whole";
            if (!over && !reader->fills_up() && !wakeups.try_acquire_for(patience))
                FAIL() << "the ring is full, or a producer has ended, and the consumer was not woken";
        }
    }

    void expect_all() {
        EXPECT_EQ(torn, 0u);
        EXPECT_EQ(unordered, 0u);
        for (const Producer& producer : all) {
            EXPECT_EQ(taken.at(producer.id), producer.number) << "of producer " << producer.id;
            EXPECT_EQ(producer.uncleared, 0u) << "before producer " << producer.id;
        }
    }

    void end() {
        ++ended;
        wakeups.release();
    }

    rs_ring ring{};
    std::optional<Ring> reader;
    std::array<Producer, producers> all;
    std::atomic<std::size_t> ended = 0; // producers

    void take_all() {
        const std::uint64_t to = reader->end();
        std::uint64_t at = reader->begin();
        for (;;) {
            const std::uint64_t next =
                Ring::after(at, for_each_ring_record(reader->piece(at, to), [this](auto record) { take(record); }));
            if (next == at)
                break;
            at = next;
        }
        reader->release(at);
    }

private:
    void take(std::span<const std::byte> record) {
        const std::span words(reinterpret_cast<const rs_u64*>(record.data()), record.size() / 8);
        const rs_u64 word = words.front();
        bool whole = word != 0 && record.size() == 8 * words_of(word);
        for (const rs_u64 other : words)
            whole = whole && other == word;
        torn += !whole;
        if (!whole)
            return;
        rs_u64& number = taken.at((word - 1) & 1);
        unordered += word != word_of((word - 1) & 1, number);
        number++;
    }

    std::array<rs_u64, producers> taken{};
    std::size_t torn = 0;      // records with a word or a length of another one
    std::size_t unordered = 0; // records that are not the next one of their producer
};

TEST_P(EventRingThreads, EachRecordComesOnceAndWhole) {
    std::vector<std::jthread> threads;
    for (Producer& producer : all)
        threads.emplace_back([this, &producer](const std::stop_token& stop) {
            while (producer.number < 100'000 && !stop.stop_requested())
                if (!producer.put(ring))
                    std::this_thread::yield();
            end();
        });
    consume();
    threads.clear();
    expect_all();
    for (const Producer& producer : all)
        EXPECT_EQ(producer.number, 100'000u);
    EXPECT_GT(ring.head, 20 * rs_ring_bytes) << "laps";
}

// ThreadSanitizer does not run a handler at the instruction that its signal came from.
#if defined(__x86_64__) && !defined(__SANITIZE_THREAD__)

// Runs `interrupt` after so many instructions. The CPU traps after each instruction while its trap flag is set.
struct SingleStep {
    static constexpr greg_t trap_flag = 0x100;
    inline static std::function<void()> interrupt;
    inline static unsigned left = 0; // instructions; 0: it has been interrupted

    static void trapped(int, siginfo_t*, void* context) {
        if (left > 0 && --left == 0)
            interrupt();
        if (left == 0)
            static_cast<ucontext_t*>(context)->uc_mcontext.gregs[REG_EFL] &= ~trap_flag;
    }
    // Below the stack pointer there may be variables.
    [[gnu::always_inline]] static void begin() {
        asm volatile("sub $128, %%rsp; pushfq; orq $0x100, (%%rsp); popfq; add $128, %%rsp" ::: "memory", "cc");
    }
    [[gnu::always_inline]] static void end() {
        asm volatile("sub $128, %%rsp; pushfq; andq $~0x100, (%%rsp); popfq; add $128, %%rsp" ::: "memory", "cc");
    }
};

// As in the kernel: the second producer interrupts the first one, and runs to its end. Then the consumer takes what is
// there. This happens at each instruction of the first one, for a record in the middle of a segment, for one that
// passes wake_at and for one that ends a segment.
TEST_P(EventRingThreads, AProducerIsInterruptedAtEachInstruction) {
    struct sigaction before {};
    struct sigaction action {};
    action.sa_flags = SA_SIGINFO;
    action.sa_sigaction = SingleStep::trapped;
    ASSERT_EQ(::sigaction(SIGTRAP, &action, &before), 0);
    const rs_u64 wake_at = ring.wake_at;
    for (const rs_u64 head : {rs_u64{64}, wake_at - 8, rs_u64{RS_LAST_OFFSET - 8}}) {
        unsigned at = 0;
        for (SingleStep::left = 0; SingleStep::left == 0 && !HasFailure();) {
            start(head);
            SingleStep::interrupt = [this] {
                all[1].put(ring);
                take_all();
            };
            SingleStep::left = ++at;
            SingleStep::begin();
            const bool fits = all[0].put(ring);
            SingleStep::end();
            EXPECT_TRUE(fits);
            take_all();
            expect_all();
        }
        EXPECT_GT(at, 20u) << "instructions";
    }
    ASSERT_EQ(::sigaction(SIGTRAP, &before, nullptr), 0);
}

#endif

INSTANTIATE_TEST_SUITE_P(OfSize, EventRingThreads, testing::Values(RS_SEGMENT_BYTES / 2, 2 * RS_SEGMENT_BYTES),
                         testing::PrintToStringParamName());

} // namespace
} // namespace rcuscope::test
