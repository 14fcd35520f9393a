// SPDX-License-Identifier: BSD-2-Clause
#include "base/available_memory.hpp"

#include <gtest/gtest.h>
#include <string>

#include "temp_dir.hpp"

namespace rcuscope::test {
namespace {

// A machine's proc/ and sys/.
class AvailableMemory : public testing::Test {
protected:
    void write(const std::string& path, const std::string& text) { dir_.write(path, text); }
    void has(std::size_t mib) {
        write("proc/meminfo", "MemTotal:       9999999 kB\nMemFree:          12 kB\nMemAvailable:   " +
                                  std::to_string(mib << 10) + " kB\nHugePages_Total:       0\n");
    }
    std::size_t mib() { return available_memory(dir_.file("")) >> 20; }

    TempDir dir_;
};

TEST_F(AvailableMemory, IsThatOfTheMachine) {
    has(300);
    EXPECT_EQ(mib(), 300U);
}

TEST_F(AvailableMemory, IsLimitedByEachControlGroup) {
    has(300);
    write("proc/self/cgroup", "1:name=systemd:/old\n0::/user.slice/job\n");
    write("sys/fs/cgroup/user.slice/job/memory.max", "max\n");
    EXPECT_EQ(mib(), 300U) << "no limit";
    write("sys/fs/cgroup/user.slice/memory.max", std::to_string(200 << 20) + "\n");
    write("sys/fs/cgroup/user.slice/memory.current", std::to_string(150 << 20) + "\n");
    EXPECT_EQ(mib(), 50U) << "what the group above leaves";
    write("sys/fs/cgroup/user.slice/job/memory.max", std::to_string(40 << 20) + "\n");
    EXPECT_EQ(mib(), 40U);
    write("sys/fs/cgroup/memory.max", std::to_string(1 << 20) + "\n");
    write("sys/fs/cgroup/memory.current", std::to_string(2 << 20) + "\n");
    EXPECT_EQ(mib(), 0U) << "above its limit";
}

TEST_F(AvailableMemory, IsUnknownWithoutTheKernelsEstimate) {
    EXPECT_EQ(mib(), 0U);
    write("proc/meminfo", "MemTotal:       9999999 kB\n");
    EXPECT_EQ(mib(), 0U);
    EXPECT_GT(available_memory(), 0U) << "this machine's";
}

} // namespace
} // namespace rcuscope::test
