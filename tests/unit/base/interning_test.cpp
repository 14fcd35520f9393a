// SPDX-License-Identifier: BSD-2-Clause
#include "base/interning.hpp"

#include <gtest/gtest.h>
#include <optional>
#include <string>
#include <thread>

#include "base/long_list.hpp"
#include "base/seldom.hpp"
#include "base/shared_text.hpp"

namespace rcuscope {
namespace {

TEST(Interning, WhatARecordingBroughtGoesWithIt) {
    const SharedText before = "interned before";
    const std::size_t size = interning::size();
    for (int i = 0; i < 3; i++) {
        const interning::Recording recording;
        const SharedText during = "interned during " + std::to_string(i);
        EXPECT_EQ(SharedText("interned before"), before);
        EXPECT_GT(during.id(), before.id());
        Seldom<char> list;
        list.push_back('x');
        EXPECT_GT(interning::size(), size);
    }
    EXPECT_EQ(interning::size(), size);
    EXPECT_EQ(before, "interned before");
    EXPECT_EQ(SharedText("interned before"), before);
    EXPECT_EQ(SharedText("interned after").str(), "interned after");
}

TEST(Interning, TheLastRecordingTakesAllWithIt) {
    const std::size_t size = interning::size();
    std::optional<interning::Recording> first(std::in_place);
    const SharedText of_first = "of the first";
    {
        const interning::Recording moved = [] {
            interning::Recording made;
            return interning::Recording(std::move(made));
        }();
        first.reset();
        EXPECT_EQ(of_first, "of the first") << "of which the second may have something, too";
        EXPECT_EQ(SharedText("of the first"), of_first);
    }
    EXPECT_EQ(interning::size(), size);
}

TEST(InterningDeathTest, AnotherThreadEndsTheProcess) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    const auto by_another = [](auto use) { std::thread(use).join(); };
    const SharedText text = "by this thread";
    EXPECT_DEATH(by_another([] { const SharedText other("by another"); }), "used by two threads");
    EXPECT_DEATH(by_another([] { const interning::Recording other; }), "used by two threads");
    EXPECT_DEATH(by_another([] { Seldom<int>().push_back(1); }), "used by two threads");
    by_another([&text] { EXPECT_EQ(text, "by this thread"); });
}

TEST(InterningDeathTest, ListsAreOfTheThreadThatMadeTheFirst) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    const auto fill = [] {
        LongList<int> list;
        list.push_back(1);
    };
    std::thread(fill).join();
    fill();
    LongList<int> kept;
    kept.push_back(1);
    EXPECT_DEATH(std::thread(fill).join(), "used by two threads");
}

} // namespace
} // namespace rcuscope
