// SPDX-License-Identifier: BSD-2-Clause
//
// Things that are made one after the other, by a thread, before they are asked for. Whoever asks gets the same things
// in the same order, and what went wrong at the same place, whatever the thread has done by then.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <exception>
#include <functional>
#include <mutex>
#include <stop_token>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace rcuscope {

template <typename Item>
class Ahead {
public:
    // Makes the next one in place of one that is not needed any more: its memory can be used again. False: there is
    // no next one. Called by one thread at a time.
    using Make = std::function<bool(Item&)>;

    // At most `most` are ready at a time. 0, or one processor only: no thread, each is made when it is asked for.
    Ahead(Make make, std::size_t most) : make_(std::move(make)) {
        if (most == 0 || std::thread::hardware_concurrency() == 1) {
            return;
        }
        slots_.resize(most);
        try {
            maker_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
        } catch (const std::system_error&) { // there may be no more threads: it is only slower
            slots_.clear();
        }
    }
    Ahead(const Ahead&) = delete;
    Ahead& operator=(const Ahead&) = delete;
    ~Ahead() = default; // waits for the one that is being made

    // Exchanges `item`, which is not needed any more, for the next one. False if there is none. Throws what make()
    // threw in its place, and nothing is asked for after that.
    bool next(Item& item) {
        if (slots_.empty()) {
            return make_(item);
        }
        std::unique_lock lock(mutex_);
        is_ready_.wait(lock, [this] { return made_ != taken_; });
        Slot& slot = slots_[taken_ % slots_.size()];
        if (slot.error) {
            std::rethrow_exception(slot.error);
        }
        if (slot.last) {
            return false;
        }
        std::swap(item, slot.item);
        ++taken_;
        lock.unlock();
        is_room_.notify_one();
        return true;
    }

private:
    struct Slot {
        Item item{};
        bool last = false; // it is none: there are no more
        std::exception_ptr error;
    };

    void run(const std::stop_token& stop) {
        for (bool more = true; more;) {
            {
                std::unique_lock lock(mutex_);
                if (!is_room_.wait(lock, stop, [this] { return made_ - taken_ < slots_.size(); })) {
                    return;
                }
            }
            more = fill(slots_[made_ % slots_.size()]);
            {
                const std::lock_guard lock(mutex_);
                ++made_;
            }
            is_ready_.notify_one();
        }
    }

    bool fill(Slot& slot) {
        try {
            slot.last = !make_(slot.item);
        } catch (...) {
            slot.error = std::current_exception();
        }
        return !slot.last && !slot.error;
    }

    Make make_;
    std::mutex mutex_;
    std::condition_variable is_ready_;
    std::condition_variable_any is_room_;
    std::vector<Slot> slots_; // from taken_ to made_ those that are ready; the thread's is the one after them
    std::size_t made_ = 0;    // counted up by the thread only
    std::size_t taken_ = 0;
    std::jthread maker_; // the last: it ends before what it uses
};

} // namespace rcuscope
