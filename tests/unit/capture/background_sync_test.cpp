// SPDX-License-Identifier: BSD-2-Clause
#include "capture/background_sync.hpp"

#include <gtest/gtest.h>
#include <semaphore>

namespace rcuscope {
namespace {

// A disk whose sync ends when the test says so.
class SlowDisk {
public:
    std::function<Status()> sync() {
        return [this] {
            count_++;
            begun_.release();
            may_end_.acquire();
            return Status{};
        };
    }
    void wait_until_begun() { begun_.acquire(); }
    void let_end() { may_end_.release(); }
    int count() const { return count_; } // when no sync is in progress

private:
    int count_ = 0;
    std::counting_semaphore<> begun_{0};
    std::counting_semaphore<> may_end_{0};
};

TEST(BackgroundSync, WhoAsksDoesNotWait) {
    SlowDisk disk;
    BackgroundSync syncing(disk.sync());
    syncing.ask();
    disk.wait_until_begun();
    // Written after the first sync had begun, so one more sync is necessary, and one is enough.
    syncing.ask();
    syncing.ask();
    EXPECT_TRUE(syncing.status());
    disk.let_end();
    disk.wait_until_begun();
    disk.let_end();
    EXPECT_TRUE(syncing.finish());
    EXPECT_EQ(disk.count(), 2);
}

TEST(BackgroundSync, DoesWhatWasAskedForBeforeItEnds) {
    SlowDisk disk;
    disk.let_end();
    {
        BackgroundSync syncing(disk.sync());
        syncing.ask();
    }
    EXPECT_EQ(disk.count(), 1);
}

TEST(BackgroundSync, DoesNothingUnasked) {
    SlowDisk disk;
    BackgroundSync syncing(disk.sync());
    EXPECT_TRUE(syncing.finish());
    EXPECT_EQ(disk.count(), 0);
}

TEST(BackgroundSync, AFailureIsTheLastAnswer) {
    int count = 0;
    BackgroundSync syncing([&] {
        count++;
        return Status(fail(ExitCode::cannot_write, "cannot write a.rcu", "Input/output error"));
    });
    syncing.ask();
    while (syncing.status())
        std::this_thread::yield();
    syncing.ask();
    const Status ended = syncing.finish();
    ASSERT_FALSE(ended);
    EXPECT_EQ(ended.error().why, "Input/output error");
    EXPECT_EQ(count, 1);
}

} // namespace
} // namespace rcuscope
