// SPDX-License-Identifier: BSD-2-Clause
//
// Uses folders that look like a machine's /proc and /sys.
#include "kernel/settings.hpp"

#include <algorithm>
#include <filesystem>
#include <gtest/gtest.h>
#include <zlib.h>

#include "capture/metadata.hpp"
#include "kernel/host.hpp"
#include "temp_dir.hpp"

namespace rcuscope::test {
namespace {

class Settings : public testing::Test {
protected:
    Settings() {
        write("sys/devices/system/cpu/possible", "0-7\n");
        write("sys/devices/system/cpu/online", "0-2,5\n");
        write("proc/2/comm", "kthreadd\n");
        write("proc/sys/kernel/osrelease", "6.1.0-test\n");
        write("proc/sys/kernel/version", "#1 SMP PREEMPT_DYNAMIC Debian\n");
    }
    void write(const std::string& name, const std::string& text) { root_.write(name, text); }
    void offload() { write("proc/20/comm", "rcuog/0\n"); }
    // "" if unknown.
    std::string of(const std::string& name, bool knows_lazy = false) const {
        const auto settings = read_settings(knows_lazy, root_.path());
        const auto at = settings.find(name);
        return at == settings.end() ? "" : at->second;
    }

    TempDir root_;
};

TEST_F(Settings, HaveNamesOfTheTable) {
    offload();
    for (const char* name : {"rcu_expedited", "rcu_normal"})
        write(std::string("sys/kernel/") + name, "1\n");
    for (const char* name : {"rcu_normal_wake_from_gp", "jiffies_till_first_fqs", "jiffies_till_next_fqs"})
        write(std::string("sys/module/rcutree/parameters/") + name, "1\n");
    for (const auto& [name, value] : read_settings(false, root_.path()))
        EXPECT_TRUE(std::any_of(host_settings.begin(), host_settings.end(), [&name = name](const HostSetting& setting) {
            return setting.name == name;
        })) << name;
    EXPECT_EQ(of("rcu_expedited"), "1");
    EXPECT_EQ(of("rcu_normal"), "1");
    EXPECT_EQ(of("jiffies_till_first_fqs"), "1");
}

TEST_F(Settings, AreNotThereWhereNothingCanBeRead) {
    const TempDir nothing;
    auto settings = read_settings(false, nothing.path());
    settings.erase("virtualization"); // the CPU reports it
    EXPECT_TRUE(settings.empty());
}

TEST_F(Settings, CountTheCpusOnline) {
    EXPECT_EQ(of("cpus_online"), "4");
}

TEST_F(Settings, PreemptionInForceComesFirst) {
    write("boot/config-6.1.0-test", "CONFIG_PREEMPT_DYNAMIC=y\nCONFIG_PREEMPT=y\n");
    write("proc/cmdline", "preempt=none\n");
    write("sys/kernel/debug/sched/preempt", "none (voluntary) full\n");
    EXPECT_EQ(of("preemption"), "voluntary");
}

TEST_F(Settings, PreemptionOfTheCommandLineComesBeforeTheConfiguration) {
    write("boot/config-6.1.0-test", "CONFIG_PREEMPT_DYNAMIC=y\nCONFIG_PREEMPT=y\n");
    EXPECT_EQ(of("preemption"), "full");
    write("proc/cmdline", "quiet preempt=none preempt=lazy -- preempt=full\n");
    EXPECT_EQ(of("preemption"), "lazy");
    write("proc/cmdline", "preempt=sometimes\n");
    EXPECT_EQ(of("preemption"), "full");
    // Ignored on a kernel where preemption cannot be changed.
    write("proc/cmdline", "preempt=none\n");
    write("proc/sys/kernel/version", "#1 SMP PREEMPT\n");
    write("boot/config-6.1.0-test", "CONFIG_PREEMPT=y\n");
    EXPECT_EQ(of("preemption"), "full");
}

TEST_F(Settings, PreemptionOfAPackedConfiguration) {
    write("proc/x", "");
    gzFile file = gzopen(root_.file("proc/config.gz").c_str(), "wb");
    const std::string text = "# CONFIG_PREEMPT_NONE is not set\nCONFIG_PREEMPT_VOLUNTARY=y\n";
    ASSERT_EQ(gzwrite(file, text.data(), static_cast<unsigned>(text.size())), static_cast<int>(text.size()));
    ASSERT_EQ(gzclose(file), Z_OK);
    EXPECT_EQ(of("preemption"), "voluntary");
}

TEST_F(Settings, PreemptionIsNotGuessed) {
    EXPECT_EQ(of("preemption"), "") << "it can be changed, and nothing says to what";
    write("proc/sys/kernel/version", "#1 SMP\n");
    EXPECT_EQ(of("preemption"), "") << "none or voluntary";
    write("proc/sys/kernel/version", "#1 SMP PREEMPT\n");
    EXPECT_EQ(of("preemption"), "full");
    EXPECT_EQ(of("preemption", true), "") << "full or lazy";
    write("proc/cmdline", "preempt=none\n");
    EXPECT_EQ(of("preemption"), "") << "perhaps it can be changed";
    write("proc/sys/kernel/version", "#1 SMP PREEMPT_RT\n");
    EXPECT_EQ(of("preemption"), "rt");
}

TEST_F(Settings, OffloadedCpus) {
    EXPECT_EQ(of("rcu_nocbs"), "none");
    offload();
    EXPECT_EQ(of("rcu_nocbs"), "0-7") << "by the kernel's configuration";
    write("proc/cmdline", "rcu_nocbs=1-2,6\n");
    EXPECT_EQ(of("rcu_nocbs"), "1-2,6");
    write("sys/devices/system/cpu/nohz_full", "3\n");
    EXPECT_EQ(of("rcu_nocbs"), "1-3,6");
    write("proc/cmdline", "nohz_full=3\n");
    EXPECT_EQ(of("rcu_nocbs"), "3");
    write("sys/devices/system/cpu/nohz_full", "(null)\n");
    write("proc/cmdline", "rcu_nocbs\n");
    EXPECT_EQ(of("rcu_nocbs"), "none") << "the threads are there, but no CPU has them run its callbacks";
    write("proc/2/comm", "sh\n");
    EXPECT_EQ(of("rcu_nocbs"), "") << "the kernel's threads cannot be seen";
}

TEST_F(Settings, TicklessCpus) {
    EXPECT_FALSE(has_tickless_cpus(root_.path()));
    for (const char* none : {"\n", "(null)\n"}) {
        write("sys/devices/system/cpu/nohz_full", none);
        EXPECT_FALSE(has_tickless_cpus(root_.path()));
    }
    write("sys/devices/system/cpu/nohz_full", "1-3\n");
    EXPECT_TRUE(has_tickless_cpus(root_.path()));
}

TEST_F(Settings, WakingFromTheGracePeriod) {
    EXPECT_EQ(of("rcu_normal_wake_from_gp"), "");
    write("sys/module/rcutree/parameters/blimit", "10\n");
    EXPECT_EQ(of("rcu_normal_wake_from_gp"), "0") << "a kernel without it";
    for (const auto& [text, value] : {std::pair{"-1\n", "0"}, std::pair{"0\n", "0"}, std::pair{"1\n", "1"}}) {
        write("sys/module/rcutree/parameters/rcu_normal_wake_from_gp", text);
        EXPECT_EQ(of("rcu_normal_wake_from_gp"), value) << text;
    }
}

} // namespace
} // namespace rcuscope::test
