// SPDX-License-Identifier: BSD-2-Clause
#include "timeline/model.hpp"

#include <gtest/gtest.h>

namespace rcuscope {
namespace {

TEST(PlaceName, NamesModulesAndTheKernel) {
    const CodeLocation in_module{.address = 1, .function = "node_free", .module = "rcucmap", .offset = 0x12};
    EXPECT_EQ(location_name(in_module, false), "rcucmap:node_free");
    EXPECT_EQ(location_name(in_module, true), "rcucmap:node_free+0x12");
    const CodeLocation in_kernel{.address = 1, .function = "free_module", .module = "", .offset = 0};
    EXPECT_EQ(location_name(in_kernel, false), "free_module");
    EXPECT_EQ(location_name(in_kernel, true), "free_module+0x0");
}

TEST(PlaceName, HoldsTheLargestOffset) {
    const CodeLocation place{.address = 0, .function = "f", .module = "", .offset = ~std::uint64_t{0}};
    EXPECT_EQ(location_name(place, true), "f+0xffffffffffffffff");
}

TEST(PlaceName, NeverShowsAnAddress) {
    const CodeLocation nameless{.address = 0xffffffffc0de1234, .function = "", .module = "rcucmap", .offset = 0x1234};
    EXPECT_EQ(location_name(nameless, false), "unknown");
    EXPECT_EQ(location_name(nameless, true), "unknown");
    EXPECT_EQ(location_name({}, true), "unknown");
}

TEST(PooledLocation, IsTheSameForTheSamePlaceOnly) {
    const CodeLocation place{.address = 1, .function = "f", .module = "m", .offset = 2};
    const PooledLocation shared = place;
    EXPECT_EQ(*shared, place);
    EXPECT_EQ(PooledLocation(CodeLocation(place)), shared);
    for (const CodeLocation& other : {CodeLocation{.address = 2, .function = "f", .module = "m", .offset = 2},
                                      CodeLocation{.address = 1, .function = "g", .module = "m", .offset = 2},
                                      CodeLocation{.address = 1, .function = "f", .module = "", .offset = 2},
                                      CodeLocation{.address = 1, .function = "f", .module = "m", .offset = 3}}) {
        EXPECT_FALSE(PooledLocation(other) == shared);
        EXPECT_EQ(*PooledLocation(other), other);
    }
    EXPECT_EQ(PooledLocation(CodeLocation()), PooledLocation());
    EXPECT_FALSE(PooledLocation()->known());
}

TEST(RecordingTest, TwoAreBuiltAlternately) {
    Recording recordings[2];
    PooledLocation places[2];
    ReadSection sections[2];
    for (int step = 0; step < 3; step++)
        for (const unsigned i : {0U, 1U}) {
            const Recording::Binding bound(recordings[i]);
            const std::string name = (i == 0 ? "first" : "second") + std::to_string(step);
            places[i] = CodeLocation{.address = 0x1000U + i, .function = name, .module = "m", .offset = i};
            EXPECT_EQ(pooled_name(places[i], false), "m:" + name);
            sections[i].off_cpu.push_back({.at = step});
        }
    EXPECT_EQ(places[0].id(), places[1].id());
    for (const unsigned i : {1U, 0U}) {
        const Recording::Binding bound(recordings[i]);
        EXPECT_EQ(places[i]->address, 0x1000U + i);
        EXPECT_EQ(location_name(places[i], true), i == 0 ? "m:first2+0x0" : "m:second2+0x1");
        EXPECT_EQ(pooled_name(places[i], false), i == 0 ? "m:first2" : "m:second2");
        EXPECT_EQ(sections[i].off_cpu.size(), 3U);
        EXPECT_EQ(recordings[i].locations().size(), 4U) << "with the unknown one";
        EXPECT_EQ(recordings[i].rare_lists().size(), 1U);
    }
}

TEST(ToText, UsesTheKernelsNames) {
    EXPECT_STREQ(to_text(CallbackState::done), "done");
    EXPECT_STREQ(to_text(CallbackState::pending), "pending");
    EXPECT_STREQ(to_text(CallbackState::unknown), "unknown");
    EXPECT_STREQ(to_text(InvocationContext::unknown), "unknown");
    EXPECT_STREQ(to_text(InvocationContext::softirq), "softirq");
    EXPECT_STREQ(to_text(InvocationContext::ksoftirqd), "ksoftirqd");
    EXPECT_STREQ(to_text(InvocationContext::rcuc), "rcuc");
    EXPECT_STREQ(to_text(InvocationContext::rcuo), "rcuo");
    EXPECT_STREQ(to_text(event::WaitKind::synchronize_rcu), "synchronize_rcu");
    EXPECT_STREQ(to_text(event::WaitKind::synchronize_rcu_expedited), "synchronize_rcu_expedited");
    EXPECT_STREQ(to_text(event::WaitKind::rcu_barrier), "rcu_barrier");
}

} // namespace
} // namespace rcuscope
