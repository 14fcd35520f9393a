// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "base/long_list.hpp"
#include "timeline/model.hpp"

namespace rcuscope {

// The callbacks of a timeline that is being built, by their queueing: all of them, or, where somebody takes them, those
// of which something may still be learnt, and what is to be kept of the others.
class CallbackRows {
public:
    explicit CallbackRows(bool taken) : window_(taken ? least_window : 0) {}

    // Of all that there were.
    std::size_t size() const { return size_; }

    // A row of the window, or any if none are taken.
    Callback& operator[](std::size_t index) { return window_.empty() ? kept_[index] : window_[index & mask()].row; }
    const Callback& back() const { return window_.empty() ? kept_.back() : window_[(size_ - 1) & mask()].row; }

    // A new one, to be filled in. Nothing: there are more of which something may be learnt than the window holds.
    Callback* add() {
        if (window_.empty()) {
            size_++;
            return &kept_.emplace_back();
        }
        if (size_ - first_ == window_.size() && !widen()) {
            return nullptr;
        }
        Slot& slot = window_[size_++ & mask()];
        slot.keep = false;
        return &slot.row;
    }

    // The row is to be kept when it has left the window.
    void keep(std::size_t index) {
        if (!window_.empty()) {
            window_[index & mask()].keep = true;
        }
    }

    // Calls take(row, keep) for those at the front that are done; it returns whether the row is to be kept.
    template <typename Take>
    void pass_done(Take&& take) {
        while (first_ < size_ && window_[first_ & mask()].row.state == CallbackState::done) {
            pass_first(take);
        }
    }
    // The same for all that are left, so that all are kept.
    template <typename Take>
    void pass_rest(Take&& take) {
        while (first_ < size_) {
            pass_first(take);
        }
        window_ = {};
    }

    // Of the window: whoever was before is past it.
    std::size_t first() const { return first_; }

    template <typename Change>
    void for_each(Change&& change) {
        for (Callback& row : kept_) {
            change(row);
        }
        for (std::size_t i = first_; !window_.empty() && i < size_; i++) {
            change((*this)[i]);
        }
    }

    // One that was not passed, or is kept.
    Callback& find(std::size_t index) {
        if (window_.empty() || index >= first_) {
            return (*this)[index];
        }
        const auto id = static_cast<std::uint32_t>(index + 1);
        return *std::lower_bound(kept_.begin(), kept_.end(), id,
                                 [](const Callback& row, std::uint32_t wanted) { return row.id < wanted; });
    }

    // When nothing is in the window.
    LongList<Callback> take_kept() { return std::move(kept_); }

private:
    struct Slot {
        Callback row;
        bool keep = false;
    };
    static constexpr std::size_t least_window = 4096; // powers of two
    static constexpr std::size_t most_window = 1U << 18;

    std::size_t mask() const { return window_.size() - 1; }

    template <typename Take>
    void pass_first(Take& take) {
        const Slot& slot = window_[first_ & mask()];
        if (take(slot.row, slot.keep)) {
            kept_.push_back(slot.row);
        }
        first_++;
    }

    bool widen() {
        if (window_.size() == most_window) {
            return false;
        }
        std::vector<Slot> wider(2 * window_.size());
        for (std::size_t i = first_; i < size_; i++) {
            wider[i & (wider.size() - 1)] = window_[i & mask()];
        }
        window_ = std::move(wider);
        return true;
    }

    std::size_t size_ = 0;
    LongList<Callback> kept_;
    std::vector<Slot> window_; // by index; none: all are kept
    std::size_t first_ = 0;
};

} // namespace rcuscope
