// SPDX-License-Identifier: BSD-2-Clause
//
// Tests WorkerQueue, a worker thread with a bounded FIFO.
#include "base/worker_queue.hpp"

#include <algorithm>
#include <atomic>
#include <gtest/gtest.h>
#include <stdexcept>
#include <thread>
#include <unistd.h>
#include <vector>

#include "thread_state.hpp"

namespace rcuscope {
namespace {

using test::is_asleep;
using test::wait_until_asleep;

TEST(WorkerQueue, DoesAllInTheirOrder) {
    for (const std::size_t limit : {0U, 1U, 2U, 7U}) {
        std::vector<int> done;
        WorkerQueue<int> beside([&done](int& item) { done.push_back(item); }, limit);
        for (int i = 0; i < 1000; i++) {
            int item = i;
            beside.give(item);
        }
        beside.finish();
        ASSERT_EQ(done.size(), 1000U);
        for (int i = 0; i < 1000; i++)
            ASSERT_EQ(done[static_cast<std::size_t>(i)], i);
    }
}

TEST(WorkerQueue, GivesMemoryBack) {
    std::size_t made = 0;
    WorkerQueue<std::vector<int>> beside([](std::vector<int>&) {}, 2);
    std::vector<int> item;
    for (int i = 0; i < 1000; i++) {
        made += item.capacity() == 0 ? 1U : 0U;
        item.assign(100, i);
        beside.give(item);
    }
    beside.finish();
    EXPECT_LE(made, 3U);
}

// The work on each item lasts until the producer blocks, so the queue is as full as it gets.
TEST(WorkerQueue, BlocksTheProducerWhenItIsFull) {
    if (std::thread::hardware_concurrency() == 1)
        GTEST_SKIP() << "the queue has no thread on one processor";
    constexpr int items = 100;
    constexpr int limit = 3;
    const pid_t producer = ::gettid();
    std::atomic<int> begun = 0;
    std::atomic<int> given = 0;
    std::vector<int> queued; // for each item: the number of items in the queue, with itself
    WorkerQueue<int> queue(
        [&](int&) {
            const int done = static_cast<int>(queued.size());
            const int most = std::min(done + limit, items);
            while (given < most)
                std::this_thread::yield();
            // The producer cannot be asleep for another reason: this thread does not hold the mutex.
            while (given == most && most < items && !(begun == most + 1 && is_asleep(producer)))
                std::this_thread::yield();
            queued.push_back(given - done);
        },
        limit);
    for (int i = 0; i < items; i++) {
        int item = i;
        ++begun;
        queue.give(item);
        ++given;
    }
    queue.finish();
    ASSERT_EQ(queued.size(), static_cast<std::size_t>(items));
    for (int i = 0; i < items; i++)
        EXPECT_EQ(queued[static_cast<std::size_t>(i)], std::min(limit, items - i));
}

TEST(WorkerQueue, TellsWhatWentWrongAndDoesNothingMore) {
    for (const std::size_t limit : {1U, 3U}) {
        int done = 0;
        WorkerQueue<int> beside(
            [&done](int& item) {
                if (item == 5)
                    throw std::runtime_error("the sixth");
                done++;
            },
            limit);
        for (int i = 0; i < 100; i++) {
            int item = i;
            beside.give(item);
        }
        EXPECT_THROW(beside.finish(), std::runtime_error);
        EXPECT_EQ(done, 5);
    }
}

// The first item is in progress until the destructor waits for it. The others are dropped.
TEST(WorkerQueue, NeedNotBeFinished) {
    if (std::thread::hardware_concurrency() == 1)
        GTEST_SKIP() << "the queue has no thread on one processor";
    const pid_t producer = ::gettid();
    std::atomic<bool> leaves = false;
    std::atomic<int> begun = 0;
    std::atomic<int> done = 0;
    {
        WorkerQueue<int> queue(
            [&](int&) {
                ++begun;
                while (!leaves)
                    std::this_thread::yield();
                wait_until_asleep(producer);
                ++done;
            },
            3);
        for (int item : {0, 1, 2})
            queue.give(item);
        while (begun == 0)
            std::this_thread::yield();
        leaves = true;
    }
    EXPECT_EQ(begun, 1);
    EXPECT_EQ(done, 1);
}

} // namespace
} // namespace rcuscope
