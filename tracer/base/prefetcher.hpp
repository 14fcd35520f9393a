// SPDX-License-Identifier: BSD-2-Clause
//
// Ordered parallel prefetch: worker threads make items before the consumer asks for them. The consumer gets the items
// in the order of their numbers, and an exception in place of the item that caused it, however the threads run.
//
// oneTBB's parallel_pipeline runs the consumer on any of its threads, and a thread that has not bound the pools must
// not use them (binding.hpp). It takes 55 us of processor time for a batch that takes 50 us here.
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
class Prefetcher {
public:
    // Makes the item with this number, counted from 0. The argument holds an old item, whose memory can be reused.
    // Returns false if there is no item with this or a greater number.
    using Make = std::function<bool(Item&, std::size_t number)>;

    // At most `limit` items are ready or in the making at a time. Each maker has one thread and gets ascending numbers;
    // each number goes to one maker. If `limit` is 0 or there is only one processor, there are no threads: next() makes
    // each item.
    // `own`: if the next item is not ready, next() makes items with it that no thread has begun, instead of waiting.
    Prefetcher(std::vector<Make> makers, std::size_t limit, Make own = nullptr)
        : makers_(std::move(makers)), own_(std::move(own)) {
        if (limit == 0 || std::thread::hardware_concurrency() == 1)
            return;
        slots_.resize(limit);
        try {
            for (const Make& make : makers_)
                threads_.emplace_back([this, &make](const std::stop_token& stop) { run(stop, make); });
        } catch (const std::system_error&) { // the limit on threads is reached: fewer threads are only slower
        }
    }
    Prefetcher(const Prefetcher&) = delete;
    Prefetcher& operator=(const Prefetcher&) = delete;
    ~Prefetcher() = default; // waits for the items that are being made

    // Exchanges `item`, an old one, for the next one. Returns false if there is none. Rethrows the exception of the
    // maker of this item; do not call it again after that.
    bool next(Item& item) {
        if (threads_.empty())
            return (own_ ? own_ : makers_.front())(item, taken_++);
        std::unique_lock lock(mutex_);
        Slot& slot = slots_[taken_ % slots_.size()];
        while (!slot.ready && own_ && is_room())
            make_one(lock, own_);
        is_ready_.wait(lock, [&slot] { return slot.ready; });
        if (slot.error)
            std::rethrow_exception(slot.error);
        if (slot.last)
            return false;
        std::swap(item, slot.item);
        slot.ready = false;
        ++taken_;
        // Wakes a maker only when half of the slots are free: to wake a thread takes longer than to make an item.
        const bool is_much_room = begun_ - taken_ <= slots_.size() / 2;
        lock.unlock();
        if (is_much_room)
            is_room_.notify_one();
        return true;
    }

private:
    struct Slot {
        Item item{};
        bool ready = false;
        bool last = false; // end of the items: this slot holds none
        std::exception_ptr error;
    };

    void run(const std::stop_token& stop, const Make& make) {
        std::unique_lock lock(mutex_);
        for (bool more = true; more;) {
            if (!is_room_.wait(lock, stop, [this] { return is_room(); }))
                return;
            more = make_one(lock, make);
            lock.unlock();
            is_ready_.notify_one();
            lock.lock();
        }
    }

    bool is_room() const { return begun_ - taken_ < slots_.size(); }

    // Needs is_room(). Returns false after the last item or an exception.
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
    std::vector<Slot> slots_; // ring; those in [taken_, begun_) are ready or owned by the thread that makes them
    std::size_t begun_ = 0;
    std::size_t taken_ = 0;
    std::vector<std::jthread> threads_; // last member: destroyed, and so joined, before the members that they use
};

} // namespace rcuscope
