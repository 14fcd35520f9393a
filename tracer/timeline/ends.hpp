// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <limits>
#include <queue>
#include <utility>
#include <vector>

#include "base/heap.hpp"
#include "timeline/model.hpp"

namespace rcuscope {

// Things that are open, by when they end. A CPU runs its callbacks in the order in which they were queued, so of one
// CPU ends mostly come in order, too: only the first of each stands in a heap.
template <typename What>
class Ends {
public:
    using End = std::pair<Nanoseconds, What>;

    void add(std::uint32_t cpu, Nanoseconds at, What what) {
        const std::size_t lane = cpu < most_lanes ? cpu : 0;
        if (lane >= lanes_.size()) {
            lanes_.resize(lane + 1);
        }
        std::deque<End>& ends = lanes_[lane];
        if (ends.empty()) {
            ends.emplace_back(at, what);
            firsts_.push_back({at, lane});
            std::push_heap(firsts_.begin(), firsts_.end(), later);
        } else if (at >= ends.back().first) {
            ends.emplace_back(at, what);
        } else {
            others_.emplace(at, what);
        }
    }

    // Takes one that has ended by then, the earliest first. False if none has.
    bool take_until(Nanoseconds at, End& end) {
        const Nanoseconds first = firsts_.empty() ? never : firsts_.front().at;
        const Nanoseconds other = others_.empty() ? never : others_.top().first;
        if ((firsts_.empty() && others_.empty()) || std::min(first, other) > at) {
            return false;
        }
        if (firsts_.empty() || (!others_.empty() && other < first)) {
            end = others_.top();
            others_.pop();
            return true;
        }
        std::deque<End>& ends = lanes_[firsts_.front().lane];
        end = ends.front();
        ends.pop_front();
        if (ends.empty()) {
            std::pop_heap(firsts_.begin(), firsts_.end(), later);
            firsts_.pop_back();
        } else {
            firsts_.front().at = ends.front().first;
            sift_first(firsts_, later);
        }
        return true;
    }

private:
    struct First {
        Nanoseconds at = 0;
        std::size_t lane = 0;
    };

    static constexpr Nanoseconds never = std::numeric_limits<Nanoseconds>::max();
    static constexpr std::size_t most_lanes = 8192;
    static bool later(const First& a, const First& b) { return a.at > b.at; }

    std::vector<std::deque<End>> lanes_; // by CPU
    std::vector<First> firsts_;          // a heap: the first of each lane
    std::priority_queue<End, std::vector<End>, std::greater<>> others_;
};

} // namespace rcuscope
