// SPDX-License-Identifier: BSD-2-Clause
//
// Tests that pools are independent of each other, and that one thread at a time uses each.
#include "base/binding.hpp"

#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <thread>

#include "base/pooled_string.hpp"
#include "base/rare_list.hpp"
#include "base/spill_vector.hpp"

namespace rcuscope {
namespace {

void by_another_thread(auto use) {
    std::thread(use).join();
}

TEST(Binding, EachPoolHasItsOwnTexts) {
    auto first = std::make_unique<StringPool>();
    StringPool second;
    PooledString of_first;
    PooledString of_second;
    {
        const Binding<StringPool> bound(*first);
        of_first = "of the first";
        const Binding<StringPool> within(second);
        of_second = "of the second";
        EXPECT_EQ(of_second.str(), "of the second");
    }
    EXPECT_EQ(of_first.id(), of_second.id()) << "one number, two texts";
    for (int i = 0; i < 3; i++) {
        {
            const Binding<StringPool> bound(*first);
            EXPECT_EQ(of_first, "of the first");
            EXPECT_EQ(PooledString("of the first"), of_first);
        }
        const Binding<StringPool> bound(second);
        EXPECT_EQ(of_second, "of the second");
    }
    EXPECT_EQ(first->size(), 2U) << "with the empty text";
    first.reset();
    const Binding<StringPool> bound(second);
    EXPECT_EQ(of_second, "of the second");
}

TEST(Binding, TheEndBringsTheOneBeforeBack) {
    const PooledString outside = "outside";
    {
        StringPool other;
        const Binding<StringPool> bound(other);
        EXPECT_EQ(&Binding<StringPool>::current(), &other);
        const Binding<StringPool> again(other);
        EXPECT_EQ(&Binding<StringPool>::current(), &other);
    }
    EXPECT_EQ(outside, "outside");
}

TEST(Binding, AnotherThreadMayBindWhatIsBoundNoLonger) {
    StringPool pool;
    PooledString text;
    by_another_thread([&] {
        const Binding<StringPool> bound(pool);
        text = "by another";
    });
    const Binding<StringPool> bound(pool);
    EXPECT_EQ(text, "by another");
}

TEST(BindingDeathTest, ASecondThreadEndsTheProcess) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    StringPool strings;
    const Binding<StringPool> bound(strings);
    EXPECT_DEATH(by_another_thread([&] { const Binding<StringPool> other(strings); }), "used by two threads");
}

TEST(BindingDeathTest, NothingIsFoundWhereNothingIsBound) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    const PooledString text = "by this thread";
    EXPECT_DEATH(by_another_thread([&] { (void)text.str(); }), "not bound");
    EXPECT_DEATH(by_another_thread([] { const PooledString other("by another"); }), "not bound");
    EXPECT_DEATH(by_another_thread([] { RareList<int>().push_back(1); }), "not bound");
    EXPECT_DEATH(by_another_thread([] { SpillVector<int>().push_back(1); }), "not bound");
}

TEST(BindingDeathTest, APoolIsNotFreedWhileItIsBound) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    const auto free_bound = [] {
        auto pool = std::make_unique<StringPool>();
        const Binding<StringPool> bound(*pool);
        pool.reset();
    };
    EXPECT_DEATH(free_bound(), "freed while they are bound");
}

TEST(SpillBudget, CountsTheListsThatWereMadeWithIt) {
    SpillBudget first;
    SpillBudget second;
    first.limits = {.heap = 0, .resident = 2 << 20};
    const auto fill = [](SpillVector<int>& list) {
        for (int i = 0; i < 1'000'000; i++)
            list.push_back(i);
    };
    {
        SpillVector<int> in_file;
        SpillVector<int> on_heap;
        {
            const Binding<SpillBudget> bound(first);
            fill(in_file);
            const Binding<SpillBudget> within(second);
            fill(on_heap);
            in_file.push_back(-1);
        }
        EXPECT_TRUE(in_file.in_file());
        EXPECT_EQ(first.files(), 1U);
        EXPECT_EQ(first.on_heap(), 0U);
        EXPECT_EQ(second.files(), 0U);
        EXPECT_GE(second.on_heap(), 4'000'000U);
        in_file = SpillVector<int>(std::move(on_heap));
        EXPECT_EQ(first.files(), 0U);
        EXPECT_GE(second.on_heap(), 4'000'000U) << "a list that is moved stays in its budget";
    }
    EXPECT_EQ(second.on_heap(), 0U);
}

TEST(SpillBudgetDeathTest, ListsAreOfTheThreadThatBoundTheBudget) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    SpillBudget budget;
    SpillVector<int> list;
    {
        const Binding<SpillBudget> bound(budget);
        list.push_back(1);
        EXPECT_DEATH(by_another_thread([&] { list.clear(); }), "used by two threads");
    }
    EXPECT_DEATH(list.resize(1000), "used where they are not bound");
    by_another_thread([&] {
        const Binding<SpillBudget> bound(budget);
        list.resize(1000);
    });
    EXPECT_EQ(list.size(), 1000U);
    by_another_thread([&] { list.clear(); });
    EXPECT_EQ(budget.on_heap(), 0U);
}

TEST(SpillBudgetDeathTest, AListDoesNotOutliveItsBudget) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    const auto leave_one = [] {
        SpillVector<int> list;
        SpillBudget budget;
        const Binding<SpillBudget> bound(budget);
        list.push_back(1);
    };
    EXPECT_DEATH(leave_one(), "longer than its recording");
}

} // namespace
} // namespace rcuscope
