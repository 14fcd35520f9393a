// SPDX-License-Identifier: BSD-2-Clause
#include "probes/cpu_losses.hpp"

#include <gtest/gtest.h>
#include <memory>

namespace rcuscope::test {
namespace {

// With CPUs "0-3,8-11" the CPUs in between have unused states, too.
TEST(CpuLosses, ACpuIsThePlaceOfItsState) {
    constexpr std::size_t limit = 12;
    const auto states = std::make_unique<rs_cpu[]>(limit);
    states[3].lost_total = 5;
    states[9].lost_total = 7;
    states[9].lost_from_ns = 100;
    states[9].lost_to_ns = 200;
    const auto losses = losses_of({states.get(), limit});
    ASSERT_EQ(losses.size(), 2u);
    EXPECT_EQ(losses[0].cpu, 3u);
    EXPECT_EQ(losses[1].cpu, 9u);
    EXPECT_EQ(losses[1].total, 7u);
    EXPECT_EQ(losses[1].from_ns, 100u);
    EXPECT_EQ(losses[1].to_ns, 200u);
}

} // namespace
} // namespace rcuscope::test
