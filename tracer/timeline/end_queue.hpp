// SPDX-License-Identifier: BSD-2-Clause
//
// Priority queue of open items by end time. A CPU invokes its callbacks in order of queueing, so the ends of one CPU
// mostly come in order: each CPU has a FIFO (a lane), and a min-heap holds only the first end of each lane.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <queue>
#include <utility>
#include <vector>

#include "base/heap.hpp"
#include "timeline/model.hpp"

namespace rcuscope {

template <typename What>
class EndQueue {
public:
    using End = std::pair<Nanoseconds, What>;

    void add(std::uint32_t cpu, Nanoseconds at, What what) {
        const std::size_t lane = cpu < max_lanes ? cpu : 0;
        if (lane >= lanes_.size())
            lanes_.resize(lane + 1);
        Lane& ends = lanes_[lane];
        if (ends.empty()) {
            ends.push({at, what});
            firsts_.push_back({at, lane});
            std::push_heap(firsts_.begin(), firsts_.end(), later);
        } else if (at >= ends.last().first) {
            ends.push({at, what});
        } else {
            others_.emplace(at, what);
        }
    }

    // Takes the earliest end if it is at `at` or before; else returns false.
    bool take_until(Nanoseconds at, End& end) {
        const Nanoseconds first = firsts_.empty() ? never : firsts_.front().at;
        const Nanoseconds other = others_.empty() ? never : others_.top().first;
        if ((firsts_.empty() && others_.empty()) || std::min(first, other) > at)
            return false;
        if (firsts_.empty() || (!others_.empty() && other < first)) {
            end = others_.top();
            others_.pop();
            return true;
        }
        Lane& ends = lanes_[firsts_.front().lane];
        end = ends.take_first();
        if (ends.empty()) {
            std::pop_heap(firsts_.begin(), firsts_.end(), later);
            firsts_.pop_back();
        } else {
            firsts_.front().at = ends.first().first;
            sift_first(firsts_, later);
        }
        return true;
    }

private:
    // FIFO. It reuses the space of taken entries when they are half of all.
    class Lane {
    public:
        bool empty() const { return first_ == ends_.size(); }
        const End& first() const { return ends_[first_]; }
        const End& last() const { return ends_.back(); }
        void push(End end) {
            if (ends_.size() == ends_.capacity() && 2 * first_ >= ends_.size()) {
                ends_.erase(ends_.begin(), ends_.begin() + static_cast<std::ptrdiff_t>(first_));
                first_ = 0;
            }
            ends_.push_back(end);
        }
        End take_first() { return ends_[first_++]; }

    private:
        std::vector<End> ends_;
        std::size_t first_ = 0;
    };
    struct First {
        Nanoseconds at = 0;
        std::size_t lane = 0;
    };

    static constexpr Nanoseconds never = std::numeric_limits<Nanoseconds>::max();
    static constexpr std::size_t max_lanes = 8192;
    static bool later(const First& a, const First& b) { return a.at > b.at; }

    std::vector<Lane> lanes_;   // by CPU
    std::vector<First> firsts_; // min-heap of the first end of each lane
    // Ends that came out of order.
    std::priority_queue<End, std::vector<End>, std::greater<>> others_;
};

} // namespace rcuscope
