// SPDX-License-Identifier: BSD-2-Clause
#include "cli/numbered.hpp"

#include <gtest/gtest.h>

namespace rcuscope::test {
namespace {

TEST(FilesOfTriggers, HaveTheirNumberBeforeTheEnding) {
    EXPECT_EQ(numbered("rare.rcu", 1), "rare-1.rcu");
    EXPECT_EQ(numbered("/a.b/my.run.chrome.json", 12), "/a.b/my.run-12.chrome.json");
    EXPECT_EQ(numbered("rare.pftrace", 3), "rare-3.pftrace");
}

TEST(FilesOfTriggers, ADeviceStaysWhatItIs) {
    EXPECT_EQ(numbered("/dev/null", 1), "/dev/null");
    EXPECT_EQ(numbered("-", 1), "-");
}

} // namespace
} // namespace rcuscope::test
