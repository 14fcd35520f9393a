// SPDX-License-Identifier: BSD-2-Clause
#include "probes/guard.hpp"

#include <chrono>
#include <csignal>
#include <filesystem>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include "temp_dir.hpp"

namespace rcuscope::test {
namespace {

using namespace std::chrono_literals;

// The id of a process that has ended.
pid_t dead_process() {
    const pid_t pid = ::fork();
    if (pid == 0)
        ::_exit(0);
    ::waitpid(pid, nullptr, 0);
    return pid;
}

std::string group_of(pid_t pid) {
    return "rcuscope_" + std::to_string(pid);
}

// Plays the kernel: once the removal of the event is asked for, no event is left. False if nobody asked in time.
bool remove_when_asked(const std::string& kprobe_events, const std::string& event) {
    const auto deadline = std::chrono::steady_clock::now() + 20s;
    while (read_file(kprobe_events).value_or("").find("-:" + event + "\n") == std::string::npos) {
        if (std::chrono::steady_clock::now() > deadline)
            return false;
        std::this_thread::sleep_for(1ms);
    }
    std::filesystem::resize_file(kprobe_events, 0);
    return true;
}

TEST(StaleProbes, ThoseOfEndedRecordersAreRemoved) {
    const TempDir tracefs;
    const std::string dead = group_of(dead_process());
    const std::string alive = probe_group();
    const std::string others = "p:" + alive + "/" + alive +
                               "_sites demo:demo_read+0x5\n" // of one that runs
                               "p:kprobes/mine vfs_read\n"
                               "p:rcuscope_/x vfs_read\n"
                               "p:rcuscope_999999999999999999/x vfs_read\n"
                               "p:rcuscope_-1/x vfs_read\n"
                               "nonsense\n";
    const std::string stale = "p:" + dead + "/" + dead +
                              "_sites demo:demo_read+0x5\n" //
                              "p:" +
                              dead + "/" + dead +
                              "_sites demo:demo_read+0x9\n" // of one event, removed together
                              "r64:" +
                              dead + "/" + dead + "_returns demo:demo_read\n";
    const std::string events = tracefs.write("kprobe_events", others + stale);
    remove_stale_probes(tracefs.path());
    EXPECT_EQ(read_file(events).value_or(""),
              others + stale + "-:" + dead + "/" + dead + "_returns\n-:" + dead + "/" + dead + "_sites\n");
}

TEST(StaleProbes, WithoutTracefsNothingHappens) {
    const TempDir nothing;
    remove_stale_probes(nothing.path());
    EXPECT_FALSE(std::filesystem::exists(nothing.file("kprobe_events")));
}

TEST(Guard, HasNothingToDoIfNothingWasPlaced) {
    const TempDir tracefs;
    const std::string foreign = "p:rcuscope_1/x vfs_read\np:" + probe_group() + "1/x vfs_read\n";
    const std::string events = tracefs.write("kprobe_events", foreign);
    auto guard = ProbeGuard::start(tracefs.path());
    ASSERT_TRUE(guard);
    EXPECT_TRUE(guard->finish());
    EXPECT_TRUE(guard->finish()) << "a second time";
    EXPECT_EQ(read_file(events).value_or(""), foreign);
}

TEST(Guard, RemovesTheEventsAndSaysWhenTheyAreGone) {
    const TempDir tracefs;
    const std::string events = tracefs.write("kprobe_events", "");
    auto guard = ProbeGuard::start(tracefs.path());
    ASSERT_TRUE(guard);
    tracefs.write("kprobe_events", "p:" + probe_group() + "/x demo:demo_read+0x5\n");
    std::thread kernel([&] { EXPECT_TRUE(remove_when_asked(events, probe_group() + "/x")); });
    EXPECT_TRUE(guard->finish());
    kernel.join();
}

TEST(Guard, OutlivesAKilledRecorder) {
    const TempDir tracefs;
    const std::string events = tracefs.write("kprobe_events", "");
    const pid_t recorder = ::fork();
    if (recorder == 0) {
        auto guard = ProbeGuard::start(tracefs.path());
        if (guard)
            tracefs.write("kprobe_events", "p:" + probe_group() + "/x demo:demo_read+0x5\n");
        ::kill(::getpid(), SIGKILL);
    }
    int status = 0;
    ::waitpid(recorder, &status, 0);
    EXPECT_EQ(WTERMSIG(status), SIGKILL);
    EXPECT_TRUE(remove_when_asked(events, group_of(recorder) + "/x"));
}

TEST(Guard, NamesItsGroupByTheProcess) {
    EXPECT_EQ(probe_group(), group_of(::getpid()));
}

} // namespace
} // namespace rcuscope::test
