// SPDX-License-Identifier: BSD-2-Clause
#include "export/tracks.hpp"

#include <algorithm>
#include <array>
#include <deque>
#include <functional>
#include <limits>
#include <map>
#include <numeric>
#include <queue>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/seeded_hash.hpp"
#include "timeline/pending_counter.hpp"

namespace rcuscope::tracks {
namespace {

// At equal times the points of an arrow are written in its direction: from threads over RCU to CPUs.
constexpr std::uint8_t rank_threads = 0;
constexpr std::uint8_t rank_rcu = 1;
constexpr std::uint8_t rank_cpus = 2;

Nanoseconds drawn(Nanoseconds at) {
    return std::max<Nanoseconds>(at, 0);
}

// Outer items come before inner ones. Items with equal times are ordered by kind, so a batch comes before its only
// callback.
bool draws_before(const Item& a, const Item& b) {
    if (a.begin != b.begin)
        return a.begin < b.begin;
    if (a.end != b.end)
        return a.end > b.end;
    if (a.kind != b.kind)
        return a.kind < b.kind;
    return a.index < b.index;
}

// A track whose slices nest. A slice that does not nest goes to another lane.
struct Lane {
    SpillVector<Item> items;
    std::vector<Nanoseconds> open; // ends of the slices that enclose the current time

    bool fits(const Item& item) {
        while (!open.empty() && open.back() <= item.begin)
            open.pop_back();
        if (!open.empty() && open.back() < item.end)
            return false;
        open.push_back(item.end);
        return true;
    }
};

// The lanes after the first one. The cost of an item is bounded for any number of lanes: only the first max_looked_at
// lanes, which suffice for a normal recording, are tried, and then the one of the others that becomes free first.
class FurtherLanes {
public:
    void add(const Item& item) {
        const auto first = std::find_if(lanes_.begin(), lanes_.begin() + static_cast<std::ptrdiff_t>(looked_at()),
                                        [&](Lane& lane) { return lane.fits(item); });
        if (first != lanes_.begin() + static_cast<std::ptrdiff_t>(looked_at())) {
            first->items.push_back(item);
            return;
        }
        if (lanes_.size() < max_looked_at) {
            put(lanes_.size(), item);
            return;
        }
        std::size_t lane = lanes_.size();
        if (!free_.empty() && free_.top().first <= item.begin) {
            lane = free_.top().second;
            free_.pop();
        }
        put(lane, item);
        free_.emplace(item.end, lane); // no other item is nested within it
    }

    std::deque<Lane>& lanes() { return lanes_; }

private:
    static constexpr std::size_t max_looked_at = 64;

    std::size_t looked_at() const { return std::min(lanes_.size(), max_looked_at); }
    void put(std::size_t lane, const Item& item) {
        if (lane == lanes_.size())
            lanes_.emplace_back();
        lanes_[lane].fits(item);
        lanes_[lane].items.push_back(item);
    }

    using Free = std::pair<Nanoseconds, std::size_t>; // the time at which a lane becomes free, and its index
    std::deque<Lane> lanes_;
    std::priority_queue<Free, std::vector<Free>, std::greater<>> free_;
};

class Builder {
public:
    Builder(const Timeline& timeline, const Analysis& analysis) : timeline_(timeline) {
        layout_.timeline = &timeline;
        layout_.analysis = &analysis;
    }

    Layout build() {
        add_rcu();
        add_modules();
        add_cpus();
        add_threads();
        return std::move(layout_);
    }

private:
    Item slice(ItemKind kind, std::size_t index, Nanoseconds begin, MaybeTime end) const {
        Item item;
        item.kind = kind;
        item.index = static_cast<std::uint32_t>(index);
        item.began_before = begin < 0;
        item.begin = drawn(begin);
        item.unfinished = !end;
        item.end = std::max(end.value_or(timeline_.capture.end), item.begin);
        return item;
    }

    Item instant(ItemKind kind, std::size_t index, Nanoseconds at) const { return slice(kind, index, at, at); }

    Track& add_track(Track::Kind kind, std::string name, std::optional<std::size_t> group, std::uint8_t flow_rank) {
        Track& track = layout_.tracks.emplace_back();
        track.kind = kind;
        track.name = std::move(name);
        track.group = group;
        track.flow_rank = flow_rank;
        return track;
    }

    std::size_t add_group(const char* name) {
        add_track(Track::Kind::group, name, {}, rank_rcu);
        return layout_.tracks.size() - 1;
    }

    void add_slices(std::size_t group, const std::string& name, std::uint8_t flow_rank, SpillVector<Item> items);
    void find_released();
    void add_rcu();
    void add_grace_periods(std::size_t group, bool expedited, const char* name);
    void add_pending(std::size_t group);
    void add_modules();
    void add_cpus();
    void add_threads();
    void add_off_cpu(std::size_t section, SpillVector<Item>& items) const;

    const Timeline& timeline_;
    Layout layout_;
};

void Builder::add_slices(std::size_t group, const std::string& name, std::uint8_t flow_rank, SpillVector<Item> items) {
    items.sort(draws_before);
    if (items.empty())
        return;
    Lane main;
    FurtherLanes further;
    const auto in_main = [&](const Item& item) { return is_instant(item.kind) || main.fits(item); };
    std::size_t first =
        0; // length of the prefix that fits into the first lane; usually all items, which are then moved
    while (first < items.size() && in_main(items[first]))
        ++first;
    if (first == items.size()) {
        main.items = std::move(items);
    } else {
        for (std::size_t i = 0; i < items.size(); ++i) {
            const Item& item = items[i];
            if (i < first || (i > first && in_main(item)))
                main.items.push_back(item);
            else
                further.add(item);
        }
    }
    add_track(Track::Kind::slices, name, group, flow_rank).items = std::move(main.items);
    std::size_t number = 1;
    for (Lane& lane : further.lanes())
        add_track(Track::Kind::slices, name + " (" + std::to_string(++number) + ')', group, flow_rank).items =
            std::move(lane.items);
}

void Builder::find_released() {
    const std::vector<GracePeriod>& grace_periods = timeline_.grace_periods;
    std::unordered_map<std::uint32_t, std::size_t, SeededHash> index_of; // by id
    for (std::size_t i = 0; i < grace_periods.size(); ++i)
        index_of.emplace(grace_periods[i].id, i);
    const auto each = [&](auto visit) {
        for (const Callback& callback : timeline_.callbacks) {
            if (!has_flow(callback) || !callback.grace_period)
                continue;
            const auto found = index_of.find(*callback.grace_period);
            if (found == index_of.end())
                continue;
            const MaybeTime end = grace_periods[found->second].end;
            if (end && callback.queued <= *end && *end <= *callback.invoked)
                visit(found->second, callback.id);
        }
    };
    // Two passes: count and form prefix sums, then fill.
    Released& released = layout_.released;
    released.first.assign(grace_periods.size() + 1, 0);
    each([&](std::size_t grace_period, std::uint32_t) { ++released.first[grace_period + 1]; });
    std::partial_sum(released.first.begin(), released.first.end(), released.first.begin());
    released.ids.resize(released.first.back());
    std::vector<std::size_t> next = released.first;
    each([&](std::size_t grace_period, std::uint32_t id) { released.ids[next[grace_period]++] = id; });
}

void Builder::add_rcu() {
    const std::size_t group = add_group("RCU");
    find_released();
    add_grace_periods(group, false, "Grace periods");
    add_grace_periods(group, true, "Expedited grace periods");
    add_pending(group);

    SpillVector<Item> hazards;
    for (std::size_t i = 0; i < layout_.analysis->hazards.size(); ++i)
        hazards.push_back(instant(ItemKind::hazard, i, layout_.analysis->hazards[i].at));
    add_slices(group, "Hazards", rank_rcu, std::move(hazards));

    SpillVector<Item> losses;
    for (std::size_t i = 0; i < timeline_.capture.lost.size(); ++i)
        losses.push_back(slice(ItemKind::loss, i, timeline_.capture.lost[i].from, timeline_.capture.lost[i].to));
    add_slices(group, "Lost records", rank_rcu, std::move(losses));
}

void Builder::add_grace_periods(std::size_t group, bool expedited, const char* name) {
    SpillVector<Item> items;
    for (std::size_t i = 0; i < timeline_.grace_periods.size(); ++i) {
        const GracePeriod& gp = timeline_.grace_periods[i];
        if (gp.expedited != expedited)
            continue;
        items.push_back(slice(ItemKind::grace_period, i, gp.start.value_or(0), gp.end));
        items.back().began_before = !gp.start || *gp.start < 0;
        if (gp.end && gp.cleaned)
            items.push_back(slice(ItemKind::cleanup, i, *gp.end, *gp.cleaned));
        if (layout_.released.count(i) > 0)
            items.push_back(instant(ItemKind::release, i, *gp.end));
    }
    add_slices(group, name, rank_rcu, std::move(items));
}

// Callbacks queued and not yet invoked.
void Builder::add_pending(std::size_t group) {
    Track& track = add_track(Track::Kind::counter, "Pending callbacks", group, rank_rcu);
    track.counts = "callbacks";
    track.points.push_back({0, 0});
    const auto step = [&points = track.points](std::uint32_t, Nanoseconds time, int change) {
        const Nanoseconds at = drawn(time);
        if (points.back().at != at)
            points.push_back({at, points.back().value});
        points.back().value += change;
    };
    PendingCounter steps(timeline_.capture.lost);
    for (const Callback& callback : timeline_.callbacks)
        steps.take(callback, 0, step);
    steps.until(std::numeric_limits<Nanoseconds>::max(), step);
}

// The phases of a module's life between the times that are known.
void Builder::add_modules() {
    std::map<std::string, SpillVector<Item>> by_name;
    std::map<std::string, SpillVector<Point>> references;
    for (std::size_t i = 0; i < timeline_.modules.size(); ++i) {
        const ModuleLife& life = timeline_.modules[i];
        for (const ModuleLife::Reference& reference : life.references)
            references[life.name].push_back({drawn(reference.at), reference.count});
        struct Mark {
            MaybeTime at;
            ModulePhase before; // the phase that ends at this mark
        };
        const ModulePhase after_init = life.init_error ? ModulePhase::init_failed : ModulePhase::live;
        const std::array<Mark, 6> marks{
            {{life.loaded, ModulePhase::init}, // no code of the module runs before it is loaded
             {life.init_done, ModulePhase::init},
             {life.exit, ModulePhase::live},
             {life.exit_done, ModulePhase::exit},
             {life.free_begin, ModulePhase::exited},
             {life.freed, ModulePhase::free}}};
        constexpr std::array after{ModulePhase::init,   ModulePhase::live, ModulePhase::exit,
                                   ModulePhase::exited, ModulePhase::free, ModulePhase::free};
        SpillVector<Item>& items = by_name[life.name];
        MaybeTime since;                       // the last known mark
        ModulePhase phase = ModulePhase::init; // the phase that begins at this mark
        const auto add = [&](ModulePhase which, MaybeTime begin, MaybeTime end) {
            items.push_back(slice(ItemKind::module_phase, i, begin.value_or(0), end));
            items.back().phase = which;
            items.back().began_before = !begin || *begin < 0;
        };
        for (std::size_t mark = 0; mark < marks.size(); ++mark) {
            if (!marks[mark].at)
                continue;
            if (since) {
                add(phase, since, marks[mark].at);
            } else if (mark > 0) {
                // Without a known exit function the phase before the free is "live".
                const bool from_live = marks[mark].before == ModulePhase::exited;
                add(from_live ? ModulePhase::live : marks[mark].before, {}, marks[mark].at);
            }
            since = marks[mark].at;
            phase = mark == 1 ? after_init : after[mark];
        }
        if (since && !life.freed)
            add(phase, since, {});
    }
    if (by_name.empty())
        return;
    const std::size_t group = add_group("Modules");
    for (auto& [name, items] : by_name) {
        std::string track = "Module ";
        track += name;
        add_slices(group, track, rank_rcu, std::move(items));
        if (const auto counted = references.find(name); counted != references.end()) {
            Track& counter = add_track(Track::Kind::counter, track + " references", group, rank_rcu);
            counter.counts = "references";
            counter.points = std::move(counted->second);
        }
    }
}

// A callback whose return was not seen is drawn until the next one on its CPU begins or its batch ends. Drawn to the
// end of the recording it would enclose all later items.
void close_callbacks(SpillVector<Item>& items) {
    items.sort([](const Item& a, const Item& b) { return a.begin < b.begin; });
    MaybeTime next; // the begin of the next item
    for (std::size_t i = items.size(); i-- > 0;) {
        Item& item = items[i];
        if (item.kind == ItemKind::callback && item.unfinished && next)
            item.end = std::min(item.end, *next);
        if (!next || item.begin < *next)
            next = item.begin;
    }
    const Item* batch = nullptr;
    for (Item& item : items)
        if (item.kind == ItemKind::batch)
            batch = &item;
        else if (item.unfinished && batch != nullptr && batch->end >= item.begin)
            item.end = std::min(item.end, batch->end);
}

void Builder::add_cpus() {
    std::map<std::uint32_t, SpillVector<Item>> by_cpu;
    for (std::size_t i = 0; i < timeline_.batches.size(); ++i) {
        const Batch& batch = timeline_.batches[i];
        by_cpu[batch.cpu].push_back(slice(ItemKind::batch, i, batch.begin, batch.end));
    }
    for (std::size_t i = 0; i < timeline_.callbacks.size(); ++i) {
        const Callback& callback = timeline_.callbacks[i];
        if (callback.invoked)
            by_cpu[callback.invoked_cpu.value_or(callback.queued_cpu)].push_back(
                slice(ItemKind::callback, i, *callback.invoked, callback.done));
    }
    if (by_cpu.empty())
        return;
    const std::size_t group = add_group("CPUs");
    for (auto& [cpu, items] : by_cpu) {
        close_callbacks(items);
        add_slices(group, "CPU " + std::to_string(cpu) + " callbacks", rank_cpus, std::move(items));
    }
}

// Nested sections share the times in which their thread did not run, so only the outermost section shows them. A time
// whose end was missed is drawn to the end of its section. If that is not known either, it has no length.
void Builder::add_off_cpu(std::size_t section, SpillVector<Item>& items) const {
    const ReadSection& row = timeline_.read_sections[section];
    if (row.nesting > 0)
        return;
    for (std::size_t i = 0; i < row.off_cpu.size(); ++i) {
        const ReadSection::OffCpu& off = row.off_cpu[i];
        Item& item =
            items.push_back(slice(ItemKind::off_cpu, section, off.at, off.until.value_or(row.end.value_or(off.at))));
        item.part = static_cast<std::uint32_t>(i);
        item.unfinished = !off.until;
    }
}

void Builder::add_threads() {
    struct Thread {
        PooledString comm;
        SpillVector<Item> calls, sections, waits;
    };
    // The idle tasks of all CPUs have tid 0. Their names distinguish them.
    std::map<std::pair<std::uint32_t, std::string>, Thread> threads;
    std::unordered_map<std::uint64_t, Thread*, SeededHash> known; // by tid; idle tasks by name
    const auto thread = [&](std::uint32_t tid, PooledString comm) -> Thread& {
        const auto [place, is_new] = known.try_emplace(tid == 0 ? std::uint64_t{comm.id()} << 32 : tid);
        if (is_new) {
            place->second = &threads[{tid, tid == 0 ? comm.str() : std::string()}];
            place->second->comm = comm;
        }
        return *place->second;
    };
    for (std::size_t i = 0; i < timeline_.function_calls.size(); ++i) {
        const FunctionCall& call = timeline_.function_calls[i];
        thread(call.tid, call.comm).calls.push_back(slice(ItemKind::function_call, i, call.begin, call.end));
    }
    for (std::size_t i = 0; i < timeline_.callbacks.size(); ++i) {
        const Callback& callback = timeline_.callbacks[i];
        thread(callback.queued_tid, callback.queued_comm)
            .calls.push_back(instant(ItemKind::call_rcu, i, callback.queued));
    }
    for (std::size_t i = 0; i < timeline_.kvfree_calls.size(); ++i) {
        const KvfreeCall& call = timeline_.kvfree_calls[i];
        thread(call.tid, call.comm).calls.push_back(instant(ItemKind::kvfree_rcu, i, call.at));
    }
    for (std::size_t i = 0; i < timeline_.read_sections.size(); ++i) {
        const ReadSection& section = timeline_.read_sections[i];
        thread(section.tid, section.comm)
            .sections.push_back(slice(ItemKind::read_section, i, section.begin, section.known_end()));
        add_off_cpu(i, thread(section.tid, section.comm).sections);
    }
    for (std::size_t i = 0; i < timeline_.waits.size(); ++i) {
        const Wait& wait = timeline_.waits[i];
        thread(wait.tid, wait.comm).waits.push_back(slice(ItemKind::wait, i, wait.begin, wait.end));
    }
    if (threads.empty())
        return;
    for (const Task& task : timeline_.tasks) {
        const auto found = threads.find({task.tid, std::string()});
        if (found != threads.end() && task.tid != 0 && !task.comm.empty())
            found->second.comm = task.comm;
    }
    const std::size_t group = add_group("Threads");
    for (auto& [key, items] : threads) {
        const std::string name = items.comm.str() + ' ' + std::to_string(key.first);
        add_slices(group, name + ": calls", rank_threads, std::move(items.calls));
        add_slices(group, name + ": read-side sections", rank_threads, std::move(items.sections));
        add_slices(group, name + ": waits", rank_threads, std::move(items.waits));
    }
}

} // namespace

bool is_instant(ItemKind kind) {
    return kind == ItemKind::release || kind == ItemKind::call_rcu || kind == ItemKind::kvfree_rcu ||
           kind == ItemKind::hazard;
}

bool has_flow(const Callback& callback) {
    return callback.invoked && callback.queued <= *callback.invoked;
}

Layout lay_out(const Timeline& timeline, const Analysis& analysis) {
    timeline.check_bound();
    return Builder(timeline, analysis).build();
}

} // namespace rcuscope::tracks
