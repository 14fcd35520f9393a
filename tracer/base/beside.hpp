// SPDX-License-Identifier: BSD-2-Clause
//
// Work that a thread does beside whoever has it to give, in the order in which it is given.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <exception>
#include <functional>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace rcuscope {

template <typename Item>
class Beside {
public:
    using Work = std::function<void(Item&)>;

    // At most `most` wait at a time. `most` is 0, or there is one processor only: no thread, each is done at once.
    Beside(Work work, std::size_t most) : work_(std::move(work)) {
        if (most == 0 || std::thread::hardware_concurrency() == 1) {
            return;
        }
        slots_.resize(most);
        try {
            thread_ = std::thread([this] { run(); });
        } catch (const std::system_error&) { // there may be no more threads: it is only slower
        }
    }
    Beside(const Beside&) = delete;
    Beside& operator=(const Beside&) = delete;
    // What was given and not begun is not done.
    ~Beside() { stop(true); }

    // Exchanges `item` for one that is not needed any more: its memory can be used again.
    void give(Item& item) {
        if (!thread_.joinable()) {
            work_(item);
            return;
        }
        {
            std::unique_lock lock(mutex_);
            changed_.wait(lock, [this] { return given_ - done_ < slots_.size() || error_; });
            if (error_) {
                return; // finish() tells
            }
            std::swap(slots_[given_ % slots_.size()], item);
            ++given_;
        }
        changed_.notify_all();
    }

    // All that was given is done. Throws what the work threw; nothing was done after that. Nothing is given any more.
    void finish() {
        stop(false);
        if (error_) {
            std::rethrow_exception(std::exchange(error_, nullptr));
        }
    }

private:
    void stop(bool at_once) {
        if (!thread_.joinable()) {
            return;
        }
        {
            const std::lock_guard lock(mutex_);
            last_ = true;
            abandoned_ = at_once;
        }
        changed_.notify_all();
        thread_.join();
    }

    void run() {
        std::unique_lock lock(mutex_);
        while (true) {
            changed_.wait(lock, [this] { return done_ < given_ || last_; });
            if (done_ == given_ || abandoned_) {
                return;
            }
            Item& item = slots_[done_ % slots_.size()]; // nobody else's as long as it is not done
            lock.unlock();
            std::exception_ptr error;
            try {
                work_(item);
            } catch (...) {
                error = std::current_exception();
            }
            lock.lock();
            error_ = error;
            ++done_;
            changed_.notify_all();
            if (error_) {
                return;
            }
        }
    }

    const Work work_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<Item> slots_; // those from done_ to given_ wait, or the first is being done
    std::size_t given_ = 0;
    std::size_t done_ = 0;
    bool last_ = false;      // no more will be given
    bool abandoned_ = false; // nor is what waits to be done
    std::exception_ptr error_;
    std::thread thread_; // the last: it uses the others
};

} // namespace rcuscope
