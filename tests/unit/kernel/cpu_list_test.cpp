// SPDX-License-Identifier: BSD-2-Clause
#include "kernel/cpu_list.hpp"

#include <gtest/gtest.h>

namespace rcuscope::test {
namespace {

const CpuSet eight{0, 1, 2, 3, 4, 5, 6, 7};

TEST(CpuList, ReadsWhatTheKernelTakes) {
    EXPECT_EQ(parse_cpu_list("0-3,6", eight), (CpuSet{0, 1, 2, 3, 6}));
    EXPECT_EQ(parse_cpu_list("all", eight), eight);
    EXPECT_EQ(parse_cpu_list("6-N", eight), (CpuSet{6, 7}));
    EXPECT_EQ(parse_cpu_list("N", eight), (CpuSet{7}));
    EXPECT_EQ(parse_cpu_list("0-7:2/4", eight), (CpuSet{0, 1, 4, 5}));
}

TEST(CpuList, LeavesOutWhatIsNotThere) {
    EXPECT_EQ(parse_cpu_list("5-4294967295", eight), (CpuSet{5, 6, 7}));
    EXPECT_TRUE(parse_cpu_list("9", eight).empty());
    for (const char* text : {"", "(null)", "3-", "-3", "x", "4294967296", "0-7:2", "0-7:1/0", "0-7:2/4x", "1 2"})
        EXPECT_TRUE(parse_cpu_list(text, eight).empty()) << text;
}

TEST(CpuList, AsText) {
    EXPECT_EQ(cpu_list_text({}), "");
    EXPECT_EQ(cpu_list_text({3}), "3");
    EXPECT_EQ(cpu_list_text({0, 1, 2, 4, 6, 7}), "0-2,4,6-7");
}

} // namespace
} // namespace rcuscope::test
