// SPDX-License-Identifier: BSD-2-Clause
//
// Tests the ownership of probe groups and the removal of dead recorders' probes.
#include "probes/guard.hpp"

#include <array>
#include <chrono>
#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <gmock/gmock.h>
#include <set>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include "temp_dir.hpp"

namespace rcuscope::test {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// A plain file in place of the kernel's: it collects what is written.
struct FakeKprobeEvents {
    explicit FakeKprobeEvents(const std::string& text = {}) { hold(text); }

    void hold(const std::string& text) const { dir.write("kprobe_events", text); }
    std::string text() const { return read_file(events.path()).value_or("unreadable"); }
    // Simulates the kernel: when the event's removal is requested, removes all events. False if it is not requested
    // in time.
    bool remove_when_asked(const std::string& event) const {
        const auto deadline = std::chrono::steady_clock::now() + 20s;
        while (text().find("-:" + event + "\n") == std::string::npos) {
            if (std::chrono::steady_clock::now() > deadline)
                return false;
            std::this_thread::sleep_for(1ms);
        }
        std::filesystem::resize_file(events.path(), 0);
        return true;
    }

    TempDir dir;
    KprobeEvents events{dir.path()};
};

std::string event_in(const std::string& group) {
    return group + "/" + group + "_sites";
}

// The group of a recorder that has ended: no process owns it.
std::string dead_group(const KprobeEvents& events) {
    const auto group = EventGroup::take(events);
    return group ? group->name().text() : "none";
}

TEST(EventGroup, IsOwnedWhileItLives) {
    const FakeKprobeEvents file;
    std::set<KernelName> names;
    {
        const auto group = EventGroup::take(file.events);
        ASSERT_TRUE(group) << group.error().why;
        EXPECT_EQ(group->name().text().size(), EventGroup::prefix.size() + 16);
        EXPECT_EQ(EventGroup::owner_of(group->name(), file.events), GroupOwner::lives);
        names.insert(group->name());
        const auto other = EventGroup::take(file.events);
        ASSERT_TRUE(other);
        names.insert(other->name());
        EXPECT_EQ(EventGroup::owner_of(other->name(), file.events), GroupOwner::lives);
    }
    EXPECT_EQ(names.size(), 2u);
    for (const KernelName& name : names)
        EXPECT_EQ(EventGroup::owner_of(name, file.events), GroupOwner::is_gone);
}

TEST(EventGroup, IsOwnedByTheLastProcessThatHoldsIt) {
    const FakeKprobeEvents file;
    std::array<int, 2> ends{};
    ASSERT_EQ(::pipe(ends.data()), 0);
    std::optional<KernelName> name;
    pid_t child = 0;
    {
        const auto group = EventGroup::take(file.events);
        ASSERT_TRUE(group);
        name = group->name();
        child = ::fork();
        if (child == 0) {
            char byte = 0;
            ::close(ends[1]);
            ::_exit(::read(ends[0], &byte, 1) == 0 ? 0 : 1);
        }
    }
    EXPECT_EQ(EventGroup::owner_of(*name, file.events), GroupOwner::lives);
    ::close(ends[1]);
    ::waitpid(child, nullptr, 0);
    EXPECT_EQ(EventGroup::owner_of(*name, file.events), GroupOwner::is_gone);
    ::close(ends[0]);
}

TEST(EventGroup, IsNotWaitedForIfSomebodyLockedTheWholeFile) {
    const FakeKprobeEvents file;
    const Fd other(::open(file.events.path().c_str(), O_RDWR | O_CLOEXEC));
    struct flock all {};
    all.l_type = F_WRLCK;
    ASSERT_EQ(::fcntl(other.get(), F_OFD_SETLK, &all), 0);
    const auto group = EventGroup::take(file.events);
    ASSERT_FALSE(group);
    EXPECT_EQ(group.error().why, "another process has locked the file");
}

TEST(EventGroup, NamesThatAreNotOursHaveNoKnownOwner) {
    const FakeKprobeEvents file;
    for (const char* name : {"rcuscope_7", "rcuscope_", "rcuscope_000000000000000g", "rcuscope_00000000000000000",
                             "rcuscope_ffffffffffffffff", "kprobes"})
        EXPECT_EQ(EventGroup::owner_of(*KernelName::of(name), file.events), GroupOwner::is_unknown) << name;
    const TempDir nothing;
    const KprobeEvents missing(nothing.path());
    EXPECT_EQ(EventGroup::owner_of(*KernelName::of("rcuscope_0000000000000007"), missing), GroupOwner::is_unknown);
    EXPECT_FALSE(EventGroup::take(missing));
}

TEST(StaleProbes, ThoseOfEndedRecordersAreRemoved) {
    const FakeKprobeEvents file;
    const auto alive = EventGroup::take(file.events);
    ASSERT_TRUE(alive);
    const std::string dead = dead_group(file.events);
    const std::string others = "p:" + event_in(alive->name().text()) +
                               " demo:demo_read+0x5\n" // of a running recorder
                               "p:kprobes/mine vfs_read\n"
                               "nonsense\n";
    const std::string stale = "p:" + event_in(dead) +
                              " demo:demo_read+0x5\n" //
                              "p:" +
                              event_in(dead) +
                              " demo:demo_read+0x9\n" // of the same event, removed together
                              "r64:" +
                              dead + "/" + dead + "_returns demo:demo_read\n";
    file.hold(others + stale);
    EXPECT_THAT(remove_stale_probes(file.events), IsEmpty());
    EXPECT_EQ(file.text(), others + stale + "-:" + dead + "/" + dead + "_returns\n-:" + event_in(dead) + "\n");
}

// For example groups of versions that named them by process id, which is ambiguous between namespaces.
TEST(StaleProbes, WhatMayBeSomebodysStaysAndIsTold) {
    const std::string text = "p:rcuscope_7/rcuscope_7_sites demo:demo_read+0x5\n";
    const FakeKprobeEvents file(text);
    const auto left = remove_stale_probes(file.events);
    EXPECT_EQ(file.text(), text);
    ASSERT_EQ(left.size(), 1u);
    EXPECT_THAT(left.front(), HasSubstr("probes of rcuscope_7 are left: it is unknown whether their recorder runs"));
    EXPECT_THAT(left.front(), HasSubstr("echo '-:rcuscope_7/rcuscope_7_sites' >>" + file.events.path()));
}

TEST(StaleProbes, WithoutTracefsNothingHappens) {
    const TempDir nothing;
    EXPECT_THAT(remove_stale_probes(KprobeEvents(nothing.path())), IsEmpty());
    EXPECT_FALSE(std::filesystem::exists(nothing.file("kprobe_events")));
}

TEST(Guard, HasNothingToDoIfNothingWasPlaced) {
    const FakeKprobeEvents file;
    auto guard = ProbeGuard::start(file.events);
    ASSERT_TRUE(guard);
    const std::string foreign = "p:rcuscope_1/x vfs_read\np:" + guard->group().text() + "1/x vfs_read\n";
    file.hold(foreign);
    EXPECT_TRUE(guard->finish());
    EXPECT_TRUE(guard->finish()) << "a second time";
    EXPECT_EQ(file.text(), foreign);
}

TEST(Guard, RemovesTheEventsAndSaysWhenTheyAreGone) {
    const FakeKprobeEvents file;
    auto guard = ProbeGuard::start(file.events);
    ASSERT_TRUE(guard);
    file.hold("p:" + guard->group().text() + "/x demo:demo_read+0x5\n");
    std::thread kernel([&] { EXPECT_TRUE(file.remove_when_asked(guard->group().text() + "/x")); });
    EXPECT_TRUE(guard->finish());
    kernel.join();
}

TEST(Guard, OutlivesAKilledRecorderAndOwnsItsGroupUntilItIsEmpty) {
    const FakeKprobeEvents file;
    const pid_t recorder = ::fork();
    if (recorder == 0) {
        auto guard = ProbeGuard::start(file.events);
        if (guard)
            file.hold("p:" + guard->group().text() + "/x demo:demo_read+0x5\n");
        ::kill(::getpid(), SIGKILL);
    }
    int status = 0;
    ::waitpid(recorder, &status, 0);
    EXPECT_EQ(WTERMSIG(status), SIGKILL);
    const auto events = file.events.of_groups(EventGroup::prefix);
    ASSERT_EQ(events.size(), 1u);
    EXPECT_EQ(EventGroup::owner_of(events.front().group, file.events), GroupOwner::lives);
    EXPECT_TRUE(file.remove_when_asked(events.front().group.text() + "/x"));
}

} // namespace
} // namespace rcuscope::test
