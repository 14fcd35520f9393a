// SPDX-License-Identifier: BSD-2-Clause
//
// Merges the items of all tracks into events in the order of time, with a min-heap of one cursor for each track.
#include <algorithm>
#include <utility>
#include <vector>

#include "base/heap.hpp"
#include "export/tracks.hpp"

namespace rcuscope::tracks {
namespace {

// Iterates over the events of one track.
class Cursor {
public:
    Cursor(const Layout& layout, std::size_t index) : track_(layout.tracks[index]), index_(index) { advance(); }

    bool at_end() const { return at_end_; }
    const TrackEvent& event() const { return event_; }
    std::uint8_t flow_rank() const { return track_.flow_rank; }

    void advance() {
        if (track_.kind == Track::Kind::counter)
            advance_counter();
        else
            advance_slices();
    }

private:
    void advance_counter() {
        at_end_ = next_ == track_.points.size();
        if (at_end_)
            return;
        const Point& point = track_.points[next_++];
        event_ = {.step = Step::counter, .track = index_, .at = point.at, .value = point.value};
    }

    void advance_slices() {
        const Item* next = next_ < track_.items.size() ? &track_.items[next_] : nullptr;
        if (!open_.empty() && (next == nullptr || open_.back()->end <= next->begin)) {
            event_ = {.step = Step::end, .track = index_, .at = open_.back()->end, .item = open_.back()};
            open_.pop_back();
            return;
        }
        at_end_ = next == nullptr;
        if (at_end_)
            return;
        ++next_;
        const Step step = is_instant(next->kind) ? Step::instant : Step::begin;
        event_ = {.step = step, .track = index_, .at = next->begin, .item = next};
        if (step == Step::begin)
            open_.push_back(next);
    }

    const Track& track_;
    std::size_t index_;
    std::size_t next_ = 0;
    std::vector<const Item*> open_;
    TrackEvent event_;
    bool at_end_ = false;
};

} // namespace

void for_each_event(const Layout& layout, const std::function<void(const TrackEvent&)>& visit) {
    std::vector<Cursor> cursors;
    for (std::size_t i = 0; i < layout.tracks.size(); ++i)
        if (Cursor cursor(layout, i); !cursor.at_end())
            cursors.push_back(std::move(cursor));

    struct Next {
        Nanoseconds at = 0;
        std::size_t cursor = 0;
    };
    const auto rest = [&](const Next& next) {
        const Cursor& cursor = cursors[next.cursor];
        return std::pair(cursor.flow_rank(), cursor.event().track);
    };
    const auto later = [&](const Next& a, const Next& b) { return a.at != b.at ? a.at > b.at : rest(a) > rest(b); };
    std::vector<Next> next; // a min-heap
    for (std::size_t i = 0; i < cursors.size(); ++i)
        next.push_back({cursors[i].event().at, i});
    std::make_heap(next.begin(), next.end(), later);
    while (!next.empty()) {
        Cursor& cursor = cursors[next.front().cursor];
        visit(cursor.event());
        cursor.advance();
        if (cursor.at_end()) {
            std::pop_heap(next.begin(), next.end(), later);
            next.pop_back();
        } else {
            next.front().at = cursor.event().at;
            sift_first(next, later);
        }
    }
}

} // namespace rcuscope::tracks
