// SPDX-License-Identifier: BSD-2-Clause
#include "capture/background_sync.hpp"

#include <utility>

namespace rcuscope {

BackgroundSync::~BackgroundSync() {
    [[maybe_unused]] const Status known_to_who_asked = finish();
}

void BackgroundSync::ask() {
    {
        const std::lock_guard lock(mutex_);
        asked_ = true;
    }
    if (thread_.joinable())
        changed_.notify_one();
    else
        thread_ = std::thread([this] { run(); });
}

Status BackgroundSync::status() {
    const std::lock_guard lock(mutex_);
    return status_;
}

Status BackgroundSync::finish() {
    {
        const std::lock_guard lock(mutex_);
        over_ = true;
    }
    changed_.notify_one();
    if (thread_.joinable())
        thread_.join();
    return status_;
}

void BackgroundSync::run() {
    std::unique_lock lock(mutex_);
    while (status_) {
        changed_.wait(lock, [this] { return over_ || asked_; });
        if (!std::exchange(asked_, false))
            return;
        lock.unlock();
        Status done = sync_();
        lock.lock();
        status_ = std::move(done);
    }
}

} // namespace rcuscope
