// SPDX-License-Identifier: BSD-2-Clause
//
// Tests WorkerQueue, a worker thread with a bounded FIFO.
#include "base/worker_queue.hpp"

#include <atomic>
#include <gtest/gtest.h>
#include <memory>
#include <stdexcept>
#include <thread>
#include <vector>

namespace rcuscope {
namespace {

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

TEST(WorkerQueue, NoMoreWaitThanItSays) {
    std::atomic<int> given = 0;
    std::atomic<int> done = 0;
    std::atomic<int> limit = 0;
    WorkerQueue<int> beside(
        [&](int&) {
            limit = std::max(limit.load(), given.load() - done.load());
            std::this_thread::yield();
            ++done;
        },
        3);
    for (int i = 0; i < 1000; i++) {
        int item = i;
        ++given;
        beside.give(item);
    }
    beside.finish();
    EXPECT_LE(limit, 4); // plus the item that is being given
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

TEST(WorkerQueue, NeedNotBeFinished) {
    auto gate = std::make_unique<std::atomic<bool>>(false);
    std::atomic<int> done = 0;
    {
        WorkerQueue<int> beside(
            [&](int&) {
                while (!*gate)
                    std::this_thread::yield();
                ++done;
            },
            3);
        int item = 0;
        beside.give(item);
        beside.give(item);
        *gate = true;
    }
    EXPECT_LE(done, 2);
}

} // namespace
} // namespace rcuscope
