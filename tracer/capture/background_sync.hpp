// SPDX-License-Identifier: BSD-2-Clause
//
// Brings to the disk what was written, while who wrote it goes on: a disk may
// take its time, and what is recorded meanwhile may be what the kernel dies of.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

#include "base/error.hpp"

namespace rcuscope {

class BackgroundSync {
public:
    // `sync` waits for the disk. It is called in a thread of its own, not again once it has failed.
    explicit BackgroundSync(std::function<Status()> sync) : sync_(std::move(sync)) {}
    BackgroundSync(const BackgroundSync&) = delete;
    BackgroundSync& operator=(const BackgroundSync&) = delete;
    ~BackgroundSync();

    // For what was written until now; what is being waited for may have begun before.
    void ask();
    // The failure, if there was one.
    Status status();
    // Waits for what was asked for. Nothing may be asked for afterwards.
    Status finish();

private:
    void run();

    std::function<Status()> sync_;
    std::mutex mutex_;
    std::condition_variable changed_;
    bool asked_ = false;
    bool over_ = false;
    Status status_;
    std::thread thread_; // from the first ask() on
};

} // namespace rcuscope
