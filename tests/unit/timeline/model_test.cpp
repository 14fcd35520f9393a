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
