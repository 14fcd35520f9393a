// SPDX-License-Identifier: BSD-2-Clause
//
// The layout of a timeline on tracks, as trace viewers draw it: which slice
// lies on which track. Shared by every format for trace viewers, so that they
// show the same picture.
//
//   RCU         Grace periods, Expedited grace periods, Pending callbacks,
//               Hazards, Lost records
//   Modules     one track for each module, and how many references to it are held
//   CPUs        CPU n callbacks: batches, each callback a slice within its batch
//   Threads     for each thread: calls, read-side sections with the times in which it did not run, waits
//
// On one track slices are disjoint or one within the other. Where they are not
// (a lock taken in one function and released in another), the later one goes to
// a further lane of the same name with a number.
//
// An arrow leads from call_rcu() over the grace period to the invocation. Its
// middle is not the slice of the grace period but the instant "released n
// callbacks" at its end: viewers order the points of an arrow by time, and the
// begin of a grace period is known late (between two looks at the kernel) or
// not at all (before the recording), so that it could seem to lie before the
// call_rcu() that it waited for. Its end always lies between the two.
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

#include "base/long_list.hpp"
#include "export/exporter.hpp"
#include "timeline/model.hpp"

namespace rcuscope::tracks {

enum class ItemKind : std::uint8_t {
    grace_period,
    cleanup, // from a grace period's end until it was announced everywhere
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

// What is drawn: a slice, or an instant (end == begin). Times are not before
// the start of the recording.
struct Item {
    Nanoseconds begin = 0;
    Nanoseconds end = 0;
    std::uint32_t index = 0; // in the timeline's vector of its kind; of an off_cpu, of its section
    std::uint32_t part = 0;  // of an off_cpu: which of its section's
    ItemKind kind = ItemKind::grace_period;
    ModulePhase phase = ModulePhase::init; // of a module_phase
    bool unfinished = false;               // its end is not known, the one here is the last it could be drawn to
    bool began_before = false;             // it began before the recording did
};

bool is_instant(ItemKind kind);

struct Point {
    Nanoseconds at = 0;
    std::int64_t value = 0;
};

struct Track {
    enum class Kind : std::uint8_t { group, slices, counter };
    Kind kind = Kind::slices;
    std::string name;                 // any bytes: untrusted
    std::optional<std::size_t> group; // index of the track that it is grouped under
    std::uint8_t flow_rank = 0;       // of two points of an arrow at one time, the lower comes first
    LongList<Item> items;             // of slices: by begin, the outer before the inner
    LongList<Point> points;           // of a counter: by time
    const char* counts = "";          // of a counter: what
};

// Ids of the callbacks that have an arrow, by the index of the grace period it leads over.
struct Released {
    LongList<std::uint32_t> ids;    // those of one after those of the one before
    std::vector<std::size_t> first; // where those of each begin, and at last the end

    std::size_t count(std::size_t grace_period) const { return first[grace_period + 1] - first[grace_period]; }
    std::span<const std::uint32_t> of(std::size_t grace_period) const {
        return ids.some(first[grace_period], count(grace_period));
    }
};

// Refers to the timeline that it was made of.
struct Layout {
    const Timeline* timeline = nullptr;
    std::vector<Track> tracks; // as they are to be shown; a group before its members
    Released released;
};

Layout lay_out(const Timeline& timeline);

// What an item is called. Untrusted bytes.
std::string item_name(const Layout& layout, const Item& item);

struct Annotation {
    const char* name = "";
    // Texts are untrusted bytes; one that is only referred to lives as long as the process.
    std::variant<bool, std::int64_t, std::string_view, std::string> value;
};

// In the place of what `notes` holds: its memory is used again.
void item_annotations(const Layout& layout, const Item& item, const ExportOptions& options,
                      std::vector<Annotation>& notes);

// The arrows that begin, pass or end at an item: ids of callbacks.
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
    const Item* item = nullptr; // none for a counter
    std::int64_t value = 0;     // of a counter
};

// Every event of every track in the order of time; on each track in an order
// that nests, and of equal times the points of an arrow in its direction.
void for_each_event(const Layout& layout, const std::function<void(const TrackEvent&)>& visit);

} // namespace rcuscope::tracks
