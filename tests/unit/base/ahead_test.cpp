// SPDX-License-Identifier: BSD-2-Clause
#include "base/ahead.hpp"

#include <algorithm>
#include <atomic>
#include <gtest/gtest.h>
#include <stdexcept>
#include <vector>

namespace rcuscope {
namespace {

// Makes 1, 2, ... up to `last`.
Ahead<int>::Make numbers_up_to(int last) {
    return [made = 0, last](int& item) mutable {
        item = ++made;
        return made <= last;
    };
}

TEST(Ahead, GivesAllInTheirOrder) {
    for (const std::size_t most : {0U, 1U, 2U, 7U}) {
        Ahead<int> ahead(numbers_up_to(1000), most);
        int item = 0;
        for (int expected = 1; expected <= 1000; expected++) {
            ASSERT_TRUE(ahead.next(item));
            ASSERT_EQ(item, expected);
        }
        EXPECT_FALSE(ahead.next(item));
    }
}

TEST(Ahead, ThatThereAreNoMoreStaysSo) {
    Ahead<int> ahead(numbers_up_to(0), 3);
    int item = 0;
    EXPECT_FALSE(ahead.next(item));
}

TEST(Ahead, ThrowsInItsPlaceWhatWentWrong) {
    for (const std::size_t most : {0U, 1U, 4U}) {
        Ahead<int> ahead(
            [made = 0](int& item) mutable {
                if (++made == 10) {
                    throw std::runtime_error("the tenth");
                }
                item = made;
                return true;
            },
            most);
        int item = 0;
        for (int expected = 1; expected < 10; expected++) {
            ASSERT_TRUE(ahead.next(item));
            ASSERT_EQ(item, expected);
        }
        EXPECT_THROW(ahead.next(item), std::runtime_error);
    }
}

TEST(Ahead, HoldsNoMoreThanItMay) {
    constexpr int most = 3;
    std::atomic<int> taken = 0;
    std::atomic<bool> too_many = false;
    Ahead<int> ahead(
        [&, made = 0](int& item) mutable {
            too_many = too_many || made - taken > most; // one of these is being asked for
            item = ++made;
            return made <= 500;
        },
        most);
    for (int item = 0; ahead.next(item);) {
        ++taken;
    }
    EXPECT_FALSE(too_many);
}

TEST(Ahead, UsesMemoryAgain) {
    constexpr std::size_t most = 2;
    std::vector<const int*> memory;
    Ahead<std::vector<int>> ahead(
        [&, made = 0](std::vector<int>& item) mutable {
            item.resize(100);
            memory.push_back(item.data());
            return ++made <= 100;
        },
        most);
    for (std::vector<int> item; ahead.next(item);) {
    }
    std::sort(memory.begin(), memory.end());
    memory.erase(std::unique(memory.begin(), memory.end()), memory.end());
    EXPECT_LE(memory.size(), most + 1);
}

TEST(Ahead, IsLeftInTheMiddle) {
    for (int taken = 0; taken < 5; taken++) {
        Ahead<int> ahead(numbers_up_to(1 << 30), 2);
        int item = 0;
        for (int i = 0; i < taken; i++) {
            ASSERT_TRUE(ahead.next(item));
        }
    }
}

} // namespace
} // namespace rcuscope
