// SPDX-License-Identifier: BSD-2-Clause
#include "base/interning.hpp"

#include <gtest/gtest.h>
#include <optional>
#include <string>
#include <thread>

#include "base/pooled_string.hpp"
#include "base/rare_list.hpp"
#include "base/spill_vector.hpp"

namespace rcuscope {
namespace {

TEST(Interning, WhatARecordingBroughtGoesWithIt) {
    const PooledString before = "interned before";
    const std::size_t size = interning::size();
    for (int i = 0; i < 3; i++) {
        const interning::Scope recording;
        const PooledString during = "interned during " + std::to_string(i);
        EXPECT_EQ(PooledString("interned before"), before);
        EXPECT_GT(during.id(), before.id());
        RareList<char> list;
        list.push_back('x');
        EXPECT_GT(interning::size(), size);
    }
    EXPECT_EQ(interning::size(), size);
    EXPECT_EQ(before, "interned before");
    EXPECT_EQ(PooledString("interned before"), before);
    EXPECT_EQ(PooledString("interned after").str(), "interned after");
}

TEST(Interning, TheLastRecordingTakesAllWithIt) {
    const std::size_t size = interning::size();
    std::optional<interning::Scope> first(std::in_place);
    const PooledString of_first = "of the first";
    {
        const interning::Scope moved = [] {
            interning::Scope made;
            return interning::Scope(std::move(made));
        }();
        first.reset();
        EXPECT_EQ(of_first, "of the first") << "of which the second may have something, too";
        EXPECT_EQ(PooledString("of the first"), of_first);
    }
    EXPECT_EQ(interning::size(), size);
}

TEST(InterningDeathTest, AnotherThreadEndsTheProcess) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    const auto by_another = [](auto use) { std::thread(use).join(); };
    const PooledString text = "by this thread";
    EXPECT_DEATH(by_another([] { const PooledString other("by another"); }), "used by two threads");
    EXPECT_DEATH(by_another([] { const interning::Scope other; }), "used by two threads");
    EXPECT_DEATH(by_another([] { RareList<int>().push_back(1); }), "used by two threads");
    by_another([&text] { EXPECT_EQ(text, "by this thread"); });
}

TEST(InterningDeathTest, ListsAreOfTheThreadThatMadeTheFirst) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    const auto fill = [] {
        SpillVector<int> list;
        list.push_back(1);
    };
    std::thread(fill).join();
    fill();
    SpillVector<int> kept;
    kept.push_back(1);
    EXPECT_DEATH(std::thread(fill).join(), "used by two threads");
}

} // namespace
} // namespace rcuscope
