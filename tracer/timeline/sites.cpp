// SPDX-License-Identifier: BSD-2-Clause
#include "timeline/sites.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>
#include <utility>

namespace rcuscope {

namespace {

// A kprobe at the entry of a function with endbr64 sits behind that instruction.
constexpr std::uint64_t endbr_size = 4;

// Limit of sections (the newest) to which a context switch is added. If more are open, the ends of the others were
// missed, and each switch would add a row to each of them.
constexpr std::size_t max_off_cpu = 8;

bool is_entry(SiteKind kind) {
    return kind == SiteKind::function_entry || kind == SiteKind::reader_entry;
}

bool is_return_of(SiteKind kind) {
    return kind == SiteKind::function_return || kind == SiteKind::reader_return;
}

bool is_reader(SiteKind kind) {
    return kind == SiteKind::reader_entry || kind == SiteKind::reader_return;
}

} // namespace

SiteTracker::SiteTracker(const Metadata& metadata, const Symbols& symbols, ModuleTracker& modules)
    : symbols_(symbols), modules_(modules) {
    std::set<std::pair<std::string_view, std::string_view>> exit_functions;
    for (const ModuleInfo& module : metadata.modules)
        if (!module.exit_function.empty())
            exit_functions.emplace(module.name, module.exit_function);
    for (const SiteInfo& site : metadata.sites) {
        const auto [found, added] = by_function_.try_emplace({site.module, site.function});
        Function& function = found->second;
        if (added)
            function.number = by_function_.size();
        const Place place{.site = &site,
                          .function = function.number,
                          .of_exit = exit_functions.contains({site.module, site.function})};
        Places& places = function.places[is_reader(site.kind) ? 1 : 0];
        if (is_return_of(site.kind)) {
            places.returns = places.returns.value_or(place);
            places.leaves.insert(site.offset);
        } else if (is_entry(site.kind)) {
            places.entry = place;
        } else {
            function.sections.try_emplace(site.offset, place);
        }
    }
}

void SiteTracker::match(Reached& reached, bool is_return) const {
    const auto function = by_function_.find({reached.code.module, reached.code.function});
    if (function == by_function_.end())
        return;
    const auto known = [](const std::optional<Place>& place) { return place ? &*place : nullptr; };
    const auto& [calls, readers] = function->second.places;
    if (is_return) {
        reached.returns = known(calls.returns);
        reached.reader = known(readers.returns);
        return;
    }
    const std::uint64_t offset = reached.code.offset;
    const auto entered = [offset](const std::optional<Place>& entry) {
        return entry && (offset == entry->site->offset || (offset == endbr_size && entry->site->offset == 0));
    };
    if (const auto found = function->second.sections.find(offset); found != function->second.sections.end())
        reached.section = &found->second;
    if (entered(readers.entry)) {
        reached.reader = known(readers.entry);
        reached.code.offset = 0;
    }
    if (entered(calls.entry)) {
        reached.entry = known(calls.entry);
        reached.returns = calls.leaves.contains(offset) && offset != 0 ? known(calls.returns) : nullptr;
    }
}

const SiteTracker::Reached& SiteTracker::find(const event::Site& site) {
    const auto [found, added] = by_address_[site.is_return].try_emplace(site.address);
    if (added) {
        found->second.code = symbols_.function(site.address);
        match(found->second, site.is_return);
    }
    return found->second;
}

void SiteTracker::reached(const Moment& moment, const event::Site& site, TrackedTask& task) {
    const Reached& reached = find(site);
    if (reached.reader)
        reader_reached(moment, reached, task);
    if (reached.entry)
        enter(moment, reached, task);
    if (reached.section && reached.section->site->kind == SiteKind::read_lock) {
        begin_section(moment, reached.code, SectionBy::rcu_read_lock, task);
    } else if (reached.section && reached.section->site->kind == SiteKind::read_unlock) {
        // In any function: a section may begin in one function and end in another.
        if (const auto index = close_newest(task.read_sections, [](std::size_t) { return true; }))
            read_sections_[*index].end = moment.at;
    }
    if (reached.returns)
        leave(moment, *reached.returns, task);
}

// Sections by rcu_read_lock() and sections by a reader have separate stacks: rcu_read_unlock() ends only the former, a
// return only the latter. Both count for `nesting`.
void SiteTracker::begin_section(const Moment& moment, const CodeLocation& code, SectionBy by, TrackedTask& task) {
    const std::size_t open = task.read_sections.size() + task.reader_calls.size();
    open_newest(by == SectionBy::function ? task.reader_calls : task.read_sections, read_sections_.size());
    read_sections_.push_back({.tid = moment.tid,
                              .comm = task.comm,
                              .cpu = moment.cpu,
                              .begin = moment.at,
                              .end = std::nullopt,
                              .place = code,
                              .nesting = static_cast<std::uint32_t>(open),
                              .by = by});
}

void SiteTracker::reader_reached(const Moment& moment, const Reached& reached, TrackedTask& task) {
    if (reached.reader->site->kind == SiteKind::reader_entry) {
        begin_section(moment, reached.code, SectionBy::function, task);
        return;
    }
    const auto index = close_newest(task.reader_calls, [&](std::size_t section) {
        const CodeLocation& place = read_sections_[section].place;
        return place.function == reached.code.function && place.module == reached.code.module;
    });
    if (index)
        read_sections_[*index].end = moment.at;
}

void SiteTracker::enter(const Moment& moment, const Reached& reached, TrackedTask& task) {
    open_newest(task.function_calls, function_calls_.size());
    called_.push_back(reached.entry->function);
    // The probe may sit behind an endbr64; the call is of the function's start.
    CodeLocation function = reached.code;
    function.offset = 0;
    function_calls_.push_back({.function = function,
                               .tid = moment.tid,
                               .comm = task.comm,
                               .cpu = moment.cpu,
                               .begin = moment.at,
                               .end = std::nullopt});
    if (reached.entry->of_exit)
        modules_.exit_called(moment.at, reached.entry->site->module);
}

void SiteTracker::leave(const Moment& moment, const Place& place, TrackedTask& task) {
    const auto index =
        close_newest(task.function_calls, [&](std::size_t call) { return called_[call] == place.function; });
    if (!index)
        return;
    function_calls_[*index].end = moment.at;
    if (place.of_exit)
        modules_.exit_returned(moment.at, place.site->module);
}

template <typename Visit>
void SiteTracker::each_open(const TrackedTask& task, Visit visit) {
    for (const SpanStack* open : {&task.read_sections, &task.reader_calls}) {
        const auto newest = static_cast<std::ptrdiff_t>(std::min(open->size(), max_off_cpu));
        for (auto index = open->end() - newest; index != open->end(); ++index)
            visit(read_sections_[*index]);
    }
}

void SiteTracker::switched_out(const Moment& moment, const event::SwitchOut& out, TrackedTask& task) {
    // An idle task has no section of its own when it is switched out, so an interrupt left the section open.
    if (moment.tid == 0) {
        for (const std::size_t section : task.read_sections)
            leave_open(moment, section, SectionLeft::idle);
        task.read_sections.clear();
        return;
    }
    each_open(task, [&](ReadSection& section) {
        section.off_cpu.push_back({.at = moment.at,
                                   .until = std::nullopt,
                                   .voluntary = out.reason == event::SwitchReason::blocked,
                                   .lock = out.reason == event::SwitchReason::lock});
    });
}

void SiteTracker::leave_open(const Moment& moment, std::size_t section, SectionLeft how) {
    if (read_sections_[section].left == how)
        return; // the first time counts
    read_sections_[section].left = how;
    read_sections_[section].left_at = moment.at;
}

// Sections nest. If the kernel counts fewer open sections than the task seems to have, the ends of the newest were
// missed.
void SiteTracker::left(const Moment& moment, const event::TaskLeft& left, const TrackedTask& task) {
    const bool ends = left.kind == event::LeftKind::exit;
    for (std::size_t i = 0; i < task.read_sections.size(); i++)
        if (i < left.nesting)
            leave_open(moment, task.read_sections[i], ends ? SectionLeft::task_ended : SectionLeft::user_mode);
        else if (ends)
            leave_open(moment, task.read_sections[i], SectionLeft::unseen_end);
}

// Ends only the newest OffCpu. The end of an earlier one that is still open was missed.
void SiteTracker::switched_in(const Moment& moment, const TrackedTask& task) {
    each_open(
        task,
        [&](ReadSection& section) {
            if (!section.off_cpu.empty() && !section.off_cpu.back().until)
                section.off_cpu.back().until = moment.at;
        });
}

SpillVector<ReadSection> SiteTracker::finish_read_sections() {
    sort_by_time(read_sections_, [](const ReadSection& section) { return section.begin; });
    return std::move(read_sections_);
}

SpillVector<FunctionCall> SiteTracker::finish_function_calls() {
    sort_by_time(function_calls_, [](const FunctionCall& call) { return call.begin; });
    return std::move(function_calls_);
}

} // namespace rcuscope
