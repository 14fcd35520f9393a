// SPDX-License-Identifier: BSD-2-Clause
#include "kernel/kernel_log.hpp"

#include <gmock/gmock.h>

#include "temp_dir.hpp"

namespace rcuscope::test {
namespace {

TEST(MessageOf, IsBetweenThePrefixAndTheKeys) {
    EXPECT_EQ(message_of("4,1186,12001766,-;trace_kprobe: a; b\n SUBSYSTEM=x\n"), "trace_kprobe: a; b");
    EXPECT_EQ(message_of("4,1186,12001766,-,caller=T1;demo\n"), "demo");
    EXPECT_EQ(message_of("4,1186,12001766,-;\n"), "");
    EXPECT_EQ(message_of("4,1186,12001766,-;demo"), "demo");
    EXPECT_EQ(message_of("4,1186,12001766,-"), "");
    EXPECT_EQ(message_of(""), "");
}

TEST(KernelLog, SaysWhyItCannotBeRead) {
    const TempDir folder;
    const auto log = KernelLog::open(folder.file("kmsg"));
    ASSERT_FALSE(log);
    EXPECT_EQ(log.error().code, ExitCode::cannot_here);
    EXPECT_EQ(log.error().why, "No such file or directory");
}

} // namespace
} // namespace rcuscope::test
