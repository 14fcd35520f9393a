// SPDX-License-Identifier: BSD-2-Clause
//
// Things that are made by threads before they are asked for. Whoever asks gets the same things in the same order, and
// what went wrong at the same place, whatever the threads have done by then.
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
    // Makes the one of this number, from 0, in place of one that is not needed any more: its memory can be used again.
    // False: there is none of this number, nor of a greater one.
    using Make = std::function<bool(Item&, std::size_t number)>;

    // At most `most` are ready or being made at a time. Each of `makers` is called by one thread at a time, with
    // numbers that grow; all numbers are made by one of them. `most` is 0, or there is one processor only: no thread,
    // each is made when it is asked for.
    // `own`: whoever asks for one that is not ready makes those with it that nobody has begun, rather than wait.
    Ahead(std::vector<Make> makers, std::size_t most, Make own = nullptr)
        : makers_(std::move(makers)), own_(std::move(own)) {
        if (most == 0 || std::thread::hardware_concurrency() == 1) {
            return;
        }
        slots_.resize(most);
        try {
            for (const Make& make : makers_) {
                threads_.emplace_back([this, &make](const std::stop_token& stop) { run(stop, make); });
            }
        } catch (const std::system_error&) { // there may be no more threads: it is only slower
        }
    }
    Ahead(const Ahead&) = delete;
    Ahead& operator=(const Ahead&) = delete;
    ~Ahead() = default; // waits for the one that is being made

    // Exchanges `item`, which is not needed any more, for the next one. False if there is none. Throws what make()
    // threw in its place, and nothing is asked for after that.
    bool next(Item& item) {
        if (threads_.empty()) {
            return (own_ ? own_ : makers_.front())(item, taken_++);
        }
        std::unique_lock lock(mutex_);
        Slot& slot = slots_[taken_ % slots_.size()];
        while (!slot.ready && own_ && is_room()) {
            make_one(lock, own_);
        }
        is_ready_.wait(lock, [&slot] { return slot.ready; });
        if (slot.error) {
            std::rethrow_exception(slot.error);
        }
        if (slot.last) {
            return false;
        }
        std::swap(item, slot.item);
        slot.ready = false;
        ++taken_;
        // Not for each: who waits for room has slept, and to be woken takes longer than to make one.
        const bool is_much_room = begun_ - taken_ <= slots_.size() / 2;
        lock.unlock();
        if (is_much_room) {
            is_room_.notify_one();
        }
        return true;
    }

private:
    struct Slot {
        Item item{};
        bool ready = false;
        bool last = false; // it is none: there are no more
        std::exception_ptr error;
    };

    void run(const std::stop_token& stop, const Make& make) {
        std::unique_lock lock(mutex_);
        for (bool more = true; more;) {
            if (!is_room_.wait(lock, stop, [this] { return is_room(); })) {
                return;
            }
            more = make_one(lock, make);
            lock.unlock();
            is_ready_.notify_one();
            lock.lock();
        }
    }

    bool is_room() const { return begun_ - taken_ < slots_.size(); }

    // Where there is room. False: there are no more.
    bool make_one(std::unique_lock<std::mutex>& lock, const Make& make) {
        const std::size_t number = begun_++;
        Slot& slot = slots_[number % slots_.size()];
        lock.unlock();
        const bool more = fill(slot, make, number);
        lock.lock();
        slot.ready = true;
        return more;
    }

    static bool fill(Slot& slot, const Make& make, std::size_t number) {
        try {
            slot.last = !make(slot.item, number);
        } catch (...) {
            slot.error = std::current_exception();
        }
        return !slot.last && !slot.error;
    }

    const std::vector<Make> makers_;
    const Make own_;
    std::mutex mutex_;
    std::condition_variable is_ready_;
    std::condition_variable_any is_room_;
    std::vector<Slot> slots_; // from taken_ to begun_ those that are ready, or a thread's
    std::size_t begun_ = 0;
    std::size_t taken_ = 0;
    std::vector<std::jthread> threads_; // the last: they end before what they use
};

} // namespace rcuscope
