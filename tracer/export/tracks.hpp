// SPDX-License-Identifier: BSD-2-Clause
//
// The layout of a timeline on tracks for trace viewers: which slice lies on which track. All formats for trace viewers
// share it, so they show the same picture.
//
//   RCU         Grace periods, Expedited grace periods, Pending callbacks,
//               Hazards, Lost records
//   Modules     one track for each module, and a counter of the references to it
//   CPUs        CPU n callbacks: batches, each callback a slice within its batch
//   Threads     for each thread: calls, read-side sections with the times in which it did not run, waits
//
// On one track two slices are disjoint or nested. If they overlap otherwise (a lock taken in one function and released
// in another), the later slice goes to another lane with the same name and a number.
//
// An arrow leads from call_rcu() over the grace period to the invocation. Its middle point is the instant "released n
// callbacks" at the end of the grace period. Viewers order the points of an arrow by time. The begin of a grace period
// is known late (within an interval) or not at all (before the recording), so it could seem to lie before the
// call_rcu() that waited for it. The end always lies between call_rcu() and the invocation.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/spill_vector.hpp"
#include "export/exporter.hpp"
#include "timeline/model.hpp"

namespace rcuscope::tracks {

enum class ItemKind : std::uint8_t {
    grace_period,
    cleanup, // from a grace period's end until the kernel had announced it everywhere
    release, // instant: the end of a grace period that released callbacks
    batch,
    callback,
    call_rcu,   // instant
    kvfree_rcu, // instant
    read_section,
    off_cpu, // within a read_section: its thread did not run
    wait,
    function_call,
    module_phase,
    hazard, // instant
    loss,
};

enum class ModulePhase : std::uint8_t { init, init_failed, live, exit, exited, free };

// A drawn item: a slice, or an instant (end == begin). Its times are clamped to the start of the recording.
struct Item {
    Nanoseconds begin = 0;
    Nanoseconds end = 0;
    std::uint32_t index = 0; // in the timeline's vector of its kind; for off_cpu, the index of the section
    std::uint32_t part = 0;  // for off_cpu: index in ReadSection::off_cpu
    ItemKind kind = ItemKind::grace_period;
    ModulePhase phase = ModulePhase::init; // for module_phase
    bool unfinished = false;               // the end is not known; `end` is the latest time to which it can be drawn
    bool began_before = false;             // it began before the recording
};

bool is_instant(ItemKind kind);

struct Point {
    Nanoseconds at = 0;
    std::int64_t value = 0;
};

struct Track {
    enum class Kind : std::uint8_t { group, slices, counter };
    Kind kind = Kind::slices;
    std::string name;                 // untrusted bytes
    std::optional<std::size_t> group; // index of the group track
    std::uint8_t flow_rank = 0;       // of two points of an arrow at one time, the one with the lower rank comes first
    SpillVector<Item> items;          // for slices: by begin, outer before inner
    SpillVector<Point> points;        // for a counter: by time
    const char* counts = "";          // for a counter: what it counts
};

// The ids of the callbacks that have an arrow, by the index of the grace period that released them.
struct Released {
    SpillVector<std::uint32_t> ids; // grouped by grace period
    std::vector<std::size_t> first; // prefix sums: the ids of grace period i are ids[first[i]] to ids[first[i + 1] - 1]

    std::size_t count(std::size_t grace_period) const { return first[grace_period + 1] - first[grace_period]; }
    std::span<const std::uint32_t> of(std::size_t grace_period) const {
        return ids.range(first[grace_period], count(grace_period));
    }
};

// Keeps pointers to what it lays out.
struct Layout {
    const Timeline* timeline = nullptr;
    const Analysis* analysis = nullptr;
    std::vector<Track> tracks; // in the order of display; a group before its members
    Released released;
};

Layout lay_out(const Timeline& timeline, const Analysis& analysis);

// The name of an item. Untrusted bytes.
std::string item_name(const Layout& layout, const Item& item);

struct Annotation {
    const char* name = "";
    // Texts are untrusted bytes. A string_view points to memory that lives as long as the process.
    std::variant<bool, std::int64_t, std::string_view, std::string> value;
};

// Replaces the contents of `notes` and reuses its memory.
void item_annotations(const Layout& layout, const Item& item, const ExportOptions& options,
                      std::vector<Annotation>& notes);

// The arrows that begin at, pass or end at an item, by the ids of their callbacks.
enum class FlowRole : std::uint8_t { none, begin, pass, end };
struct Flows {
    FlowRole role = FlowRole::none;
    std::span<const std::uint32_t> callbacks;
};
Flows item_flows(const Layout& layout, const Item& item);

// A callback has an arrow if it was queued and invoked within the recording.
bool has_flow(const Callback& callback);

enum class Step : std::uint8_t { begin, end, instant, counter };

struct TrackEvent {
    Step step = Step::begin;
    std::size_t track = 0;
    Nanoseconds at = 0;
    const Item* item = nullptr; // null for a counter
    std::int64_t value = 0;     // for a counter
};

// Visits the events of all tracks in the order of time. The events of one track nest. At equal times the points of an
// arrow come in its direction.
void for_each_event(const Layout& layout, const std::function<void(const TrackEvent&)>& visit);

} // namespace rcuscope::tracks
