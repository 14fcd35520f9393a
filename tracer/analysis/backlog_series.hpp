// SPDX-License-Identifier: BSD-2-Clause
//
// The backlog over time, as a series of bounded length: callbacks that were queued and not invoked.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "analysis/backlog.hpp"
#include "base/pooled_string.hpp"
#include "timeline/nanoseconds.hpp"

namespace rcuscope {

// Point i covers the time from begin[i] to begin[i + 1], the last point to the end of the recording. Before the first
// point the backlog is 0.
struct BacklogSeries {
    bool of_module = false; // of the callbacks whose function is in `module`; else of all callbacks
    PooledString module{};  // empty: the kernel proper, and functions without a known name
    std::uint64_t deepest = 0;
    MaybeTime deepest_at{}; // when `deepest` was first reached
    std::vector<Nanoseconds> begin{};
    std::vector<std::uint64_t> pending{}; // the maximum in the time of the point
    // Callbacks that `pending` no longer counts, since their invocation may have been lost (PendingCounter). The
    // backlog may have been greater by this number.
    std::vector<std::uint64_t> unknown{};
};

// Upper bound of the points in the series of all callbacks, by the number of callbacks. The series of the modules
// together have as many, plus one for each module. A point takes 20 bytes of JSON, a callback 400, so that the series
// add a few percent to a timeline. The cap bounds the memory.
constexpr std::size_t max_backlog_points(std::size_t callbacks) {
    return std::clamp<std::size_t>(callbacks / 4, 2048, 65536);
}

// The number of times at which the backlog changes that share a point, so that `callbacks` callbacks, which change it
// twice each, need at most `max_points`.
constexpr std::size_t times_per_point(std::size_t callbacks, std::size_t max_points) {
    return std::max<std::size_t>(1, (2 * callbacks + max_points - 1) / max_points);
}

// Makes one series from steps in order of time.
class BacklogSeriesBuilder {
public:
    explicit BacklogSeriesBuilder(std::size_t times_per_point) : times_per_point_(times_per_point) {}

    // `lost`: the callback stops to count because its invocation may have been lost.
    void step(Nanoseconds at, int change, bool lost) {
        if (change == 0 && !lost)
            return;
        // Several callbacks can be queued or invoked at one time. Only the level after all of them counts.
        if (at != at_)
            close();
        at_ = at;
        level_ += change;
        unknown_ += lost ? 1 : 0;
        open_ = true;
    }

    BacklogSeries series(BacklogSeries series) {
        close();
        series.deepest = count_.backlog().deepest;
        if (series.deepest > 0)
            series.deepest_at = count_.backlog().deepest_at;
        series.begin = std::move(begin_);
        series.pending = std::move(pending_);
        series.unknown = std::move(unknowns_);
        return series;
    }

private:
    void close() {
        if (!open_)
            return;
        open_ = false;
        if (times_++ % times_per_point_ == 0) {
            begin_.push_back(at_);
            pending_.push_back(0);
            unknowns_.push_back(0);
        }
        pending_.back() = std::max(pending_.back(), static_cast<std::uint64_t>(level_));
        unknowns_.back() = unknown_; // it never decreases
        count_.step(at_, static_cast<int>(level_ - closed_));
        closed_ = level_;
    }

    std::size_t times_per_point_;
    std::size_t times_ = 0;
    Nanoseconds at_ = 0;
    bool open_ = false;       // there are steps at at_ that are not in a point yet
    std::int64_t level_ = 0;  // after the steps so far
    std::int64_t closed_ = 0; // at the last close()
    std::uint64_t unknown_ = 0;
    BacklogCount count_;
    std::vector<Nanoseconds> begin_;
    std::vector<std::uint64_t> pending_;
    std::vector<std::uint64_t> unknowns_;
};

} // namespace rcuscope
