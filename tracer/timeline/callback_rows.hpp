// SPDX-License-Identifier: BSD-2-Clause
//
// The callbacks of a timeline that is being built, in order of queueing. Without a taker (callback_sink.hpp) all rows
// are kept. With a taker, a window (a ring buffer that grows up to a limit) holds the rows that may still change; rows
// that leave it are kept only if they are marked, or if the caller of pass_done() says so.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "base/spill_vector.hpp"
#include "timeline/model.hpp"

namespace rcuscope {

class CallbackRows {
public:
    explicit CallbackRows(bool taken) : window_(taken ? least_window : 0) {}

    // The number of rows ever added.
    std::size_t size() const { return size_; }

    // With a window, `index` must lie in it; without, any row.
    Callback& operator[](std::size_t index) { return window_.empty() ? kept_[index] : window_[index & mask()].row; }
    const Callback& back() const { return window_.empty() ? kept_.back() : window_[(size_ - 1) & mask()].row; }

    // Adds a row; the caller fills it in. nullptr: the window is full and has its maximum size.
    Callback* add() {
        if (window_.empty()) {
            size_++;
            return &kept_.emplace_back();
        }
        if (size_ - first_ == window_.size() && !widen())
            return nullptr;
        Slot& slot = window_[size_++ & mask()];
        slot.keep = false;
        return &slot.row;
    }

    // Marks a row to be kept when it leaves the window.
    void keep(std::size_t index) {
        if (!window_.empty())
            window_[index & mask()].keep = true;
    }

    // Moves the done rows at the front out of the window. Calls take(row, marked) for each; it returns whether to keep
    // the row.
    template <typename Take>
    void pass_done(Take&& take) {
        while (first_ < size_ && window_[first_ & mask()].row.state == CallbackState::done)
            pass_first(take);
    }
    // Does the same for all remaining rows, done or not. Afterwards all rows that are left are in kept_.
    template <typename Take>
    void pass_rest(Take&& take) {
        while (first_ < size_)
            pass_first(take);
        window_ = {};
    }

    // Index of the first row in the window: rows before it have left.
    std::size_t first() const { return first_; }

    template <typename Change>
    void for_each(Change&& change) {
        for (Callback& row : kept_)
            change(row);
        for (std::size_t i = first_; !window_.empty() && i < size_; i++)
            change((*this)[i]);
    }

    // The row must be in the window or kept.
    Callback& find(std::size_t index) {
        if (window_.empty() || index >= first_)
            return (*this)[index];
        const auto id = static_cast<std::uint32_t>(index + 1);
        return *std::lower_bound(kept_.begin(), kept_.end(), id,
                                 [](const Callback& row, std::uint32_t wanted) { return row.id < wanted; });
    }

    // Only when the window is empty.
    SpillVector<Callback> take_kept() { return std::move(kept_); }

private:
    struct Slot {
        Callback row;
        bool keep = false;
    };
    static constexpr std::size_t least_window = 4096; // window sizes are powers of two
    static constexpr std::size_t max_window = 1U << 18;

    std::size_t mask() const { return window_.size() - 1; }

    template <typename Take>
    void pass_first(Take& take) {
        const Slot& slot = window_[first_ & mask()];
        if (take(slot.row, slot.keep))
            kept_.push_back(slot.row);
        first_++;
    }

    bool widen() {
        if (window_.size() == max_window)
            return false;
        std::vector<Slot> wider(2 * window_.size());
        for (std::size_t i = first_; i < size_; i++)
            wider[i & (wider.size() - 1)] = window_[i & mask()];
        window_ = std::move(wider);
        return true;
    }

    std::size_t size_ = 0;
    SpillVector<Callback> kept_;
    std::vector<Slot> window_; // ring buffer by index; empty: all rows are kept
    std::size_t first_ = 0;
};

} // namespace rcuscope
