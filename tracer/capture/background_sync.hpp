// SPDX-License-Identifier: BSD-2-Clause
//
// Syncs a file to disk on a worker thread, while the caller goes on writing. The caller does not wait for a slow disk,
// because the events that it records meanwhile may be those that crash the kernel.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

#include "base/error.hpp"

namespace rcuscope {

class BackgroundSync {
public:
    // The worker thread calls `sync`, which blocks until the data is on disk. It does not call it again after a
    // failure.
    explicit BackgroundSync(std::function<Status()> sync) : sync_(std::move(sync)) {}
    BackgroundSync(const BackgroundSync&) = delete;
    BackgroundSync& operator=(const BackgroundSync&) = delete;
    ~BackgroundSync();

    // Requests a sync of everything written so far. If a sync is in progress, another one follows it, since the first
    // may have begun too early.
    void ask();
    // The error of the sync that failed, if any.
    Status status();
    // Waits until the requested syncs are done. No ask() may follow.
    Status finish();

private:
    void run();

    std::function<Status()> sync_;
    std::mutex mutex_;
    std::condition_variable changed_;
    bool asked_ = false;
    bool over_ = false;
    Status status_;
    std::thread thread_; // started by the first ask()
};

} // namespace rcuscope
