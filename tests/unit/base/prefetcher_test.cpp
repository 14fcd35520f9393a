// SPDX-License-Identifier: BSD-2-Clause
//
// Tests Prefetcher, an ordered parallel prefetch.
#include "base/prefetcher.hpp"

#include <atomic>
#include <chrono>
#include <gtest/gtest.h>
#include <mutex>
#include <set>
#include <stdexcept>
#include <thread>
#include <unistd.h>
#include <vector>

#include "thread_state.hpp"

namespace rcuscope {
namespace {

// Makers that create 1, 2, ... up to `last`.
std::vector<Prefetcher<int>::Make> numbers_up_to(int last, std::size_t makers = 1) {
    return {makers,
            [last](int& item, std::size_t number) {
                item = static_cast<int>(number) + 1;
                return item <= last;
            }};
}

void expect_all(Prefetcher<int>& ahead, int last) {
    int item = 0;
    for (int expected = 1; expected <= last; expected++) {
        ASSERT_TRUE(ahead.next(item));
        ASSERT_EQ(item, expected);
    }
    EXPECT_FALSE(ahead.next(item));
    EXPECT_FALSE(ahead.next(item));
}

TEST(Prefetcher, GivesAllInTheirOrder) {
    for (const std::size_t limit : {0U, 1U, 2U, 7U}) {
        for (const std::size_t makers : {1U, 2U, 5U}) {
            Prefetcher<int> alone(numbers_up_to(1000, makers), limit);
            expect_all(alone, 1000);
            Prefetcher<int> helped(numbers_up_to(1000, makers), limit, numbers_up_to(1000).front());
            expect_all(helped, 1000);
        }
    }
}

// The item whose turn it is may be the last one that is ready.
TEST(Prefetcher, GivesAllInTheirOrderWhateverEachTakes) {
    const std::vector<Prefetcher<int>::Make> makers(3, [](int& item, std::size_t number) {
        if (number % 3 == 0)
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        item = static_cast<int>(number);
        return number < 100;
    });
    Prefetcher<int> ahead(makers, 4);
    int item = 0;
    for (int expected = 0; expected < 100; expected++) {
        ASSERT_TRUE(ahead.next(item));
        ASSERT_EQ(item, expected);
    }
    EXPECT_FALSE(ahead.next(item));
}

// The consumer makes items itself instead of waiting: items that no thread has begun, and items after the one that a
// thread is making.
TEST(Prefetcher, IsMadeByWhoeverAsks) {
    std::mutex mutex;
    mutex.lock();
    const auto slow = [&](int& item, std::size_t number) {
        const std::lock_guard lock(mutex);
        item = static_cast<int>(number) + 1;
        return item <= 100;
    };
    std::atomic<bool> released = false;
    const auto own = [&](int& item, std::size_t number) {
        if (!released.exchange(true))
            mutex.unlock();
        item = static_cast<int>(number) + 1;
        return item <= 100;
    };
    Prefetcher<int> ahead({slow}, 3, own);
    expect_all(ahead, 100); // never ends if the consumer waits for the slow maker
    EXPECT_TRUE(released);
}

TEST(Prefetcher, ThatThereAreNoMoreStaysSo) {
    Prefetcher<int> ahead(numbers_up_to(0, 2), 3);
    int item = 0;
    EXPECT_FALSE(ahead.next(item));
}

TEST(Prefetcher, ThrowsInItsPlaceWhatWentWrong) {
    for (const std::size_t limit : {0U, 1U, 4U}) {
        const std::vector<Prefetcher<int>::Make> makers(2, [](int& item, std::size_t number) {
            if (number == 9)
                throw std::runtime_error("the tenth");
            item = static_cast<int>(number);
            return true;
        });
        for (const bool helped : {false, true}) {
            Prefetcher<int> ahead(makers, limit, helped ? makers.front() : nullptr);
            int item = 0;
            for (int expected = 0; expected < 9; expected++) {
                ASSERT_TRUE(ahead.next(item));
                ASSERT_EQ(item, expected);
            }
            EXPECT_THROW(ahead.next(item), std::runtime_error);
        }
    }
}

TEST(Prefetcher, HoldsNoMoreThanItMay) {
    constexpr std::size_t limit = 3;
    std::atomic<std::size_t> taken = 0;
    std::atomic<bool> too_many = false;
    const std::vector<Prefetcher<int>::Make> makers(2, [&](int&, std::size_t number) {
        too_many = too_many || number > taken + limit; // the consumer waits for one of these
        return number < 500;
    });
    Prefetcher<int> ahead(makers, limit, makers.front());
    for (int item = 0; ahead.next(item);)
        ++taken;
    EXPECT_FALSE(too_many);
}

// Each time the makers have made all that they may when the consumer takes an item.
TEST(Prefetcher, MakesAsManyAsItMay) {
    if (std::thread::hardware_concurrency() == 1)
        GTEST_SKIP() << "there are no threads on one processor";
    for (const std::size_t limit : {1U, 2U, 3U, 7U}) {
        std::mutex mutex;
        std::set<pid_t> threads;
        std::atomic<std::size_t> made = 0;
        const std::vector<Prefetcher<int>::Make> makers(2, [&](int&, std::size_t) {
            {
                const std::lock_guard lock(mutex);
                threads.insert(::gettid());
            }
            ++made;
            return true;
        });
        Prefetcher<int> ahead(makers, limit);
        while (made < limit)
            std::this_thread::yield();
        int item = 0;
        for (std::size_t taken = 0; taken < 100; taken++) {
            std::set<pid_t> seen;
            {
                const std::lock_guard lock(mutex);
                seen = threads;
            }
            for (const pid_t thread : seen)
                test::wait_until_asleep(thread);
            ASSERT_LE(made, taken + limit);
            ASSERT_TRUE(ahead.next(item));
        }
    }
}

TEST(Prefetcher, UsesMemoryAgain) {
    constexpr std::size_t limit = 2;
    std::atomic<std::size_t> allocated = 0;
    const std::vector<Prefetcher<std::vector<int>>::Make> makers(2, [&](std::vector<int>& item, std::size_t number) {
        if (item.capacity() == 0)
            ++allocated;
        item.resize(100);
        return number < 100;
    });
    { // after the destructor no maker runs
        Prefetcher<std::vector<int>> ahead(makers, limit);
        for (std::vector<int> item; ahead.next(item);) {
        }
    }
    EXPECT_LE(allocated, limit + 1);
}

// Each maker has begun an item when the destructor is called, and ends it only when the destructor waits.
TEST(Prefetcher, IsLeftInTheMiddle) {
    if (std::thread::hardware_concurrency() == 1)
        GTEST_SKIP() << "there are no threads on one processor";
    constexpr std::size_t limit = 4;
    const pid_t consumer = ::gettid();
    for (std::size_t taken = 0; taken < 5; taken++) {
        std::atomic<bool> leaves = false;
        std::atomic<std::size_t> begun = 0;
        std::atomic<std::size_t> ended = 0;
        const std::vector<Prefetcher<int>::Make> makers(2, [&](int& item, std::size_t number) {
            ++begun;
            if (number >= taken) {
                while (!leaves)
                    std::this_thread::yield();
                test::wait_until_asleep(consumer);
            }
            item = static_cast<int>(number);
            ++ended;
            return true;
        });
        {
            Prefetcher<int> ahead(makers, limit);
            int item = 0;
            for (std::size_t i = 0; i < taken; i++) {
                ASSERT_TRUE(ahead.next(item));
                ASSERT_EQ(item, static_cast<int>(i));
            }
            while (begun < taken + makers.size())
                std::this_thread::yield();
            leaves = true;
        }
        EXPECT_EQ(ended, begun);
        EXPECT_LE(begun, taken + limit);
    }
}

} // namespace
} // namespace rcuscope
