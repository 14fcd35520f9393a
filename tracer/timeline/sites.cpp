// SPDX-License-Identifier: BSD-2-Clause
#include "timeline/sites.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace rcuscope {

namespace {

// A kprobe at a function's first instruction sits behind its endbr64, if it has one.
constexpr std::uint64_t endbr_size = 4;

} // namespace

SiteTracker::SiteTracker(const Metadata& metadata, const Symbols& symbols, ModuleTracker& modules)
    : symbols_(symbols), modules_(modules) {
    for (const SiteInfo& site : metadata.sites) {
        auto& places = by_function_[{site.module, site.function}];
        const std::size_t function = places.empty() ? by_function_.size() : places.front().function;
        const bool of_exit =
            std::any_of(metadata.modules.begin(), metadata.modules.end(), [&](const ModuleInfo& module) {
                return module.name == site.module && module.exit_function == site.function && !site.function.empty();
            });
        places.push_back({.site = &site, .function = function, .of_exit = of_exit});
    }
}

const SiteTracker::Place* SiteTracker::match(const CodePlace& code, bool is_return) const {
    const auto found = by_function_.find({code.module, code.function});
    if (found == by_function_.end()) {
        return nullptr;
    }
    const Place* entry = nullptr;
    for (const Place& place : found->second) {
        const bool returns = place.site->kind == SiteKind::function_return;
        if (returns != is_return) {
            continue;
        }
        if (returns || place.site->offset == code.offset) {
            return &place;
        }
        if (place.site->kind == SiteKind::function_entry && code.offset == endbr_size) {
            entry = &place;
        }
    }
    return entry;
}

const SiteTracker::Reached& SiteTracker::find(const event::Site& site) {
    const auto [found, added] = by_address_[site.is_return].try_emplace(site.address);
    if (added) {
        Reached& reached = found->second;
        reached.code = symbols_.function(site.address);
        reached.place = match(reached.code, site.is_return);
        if (reached.place) {
            reached.code.offset = reached.place->site->offset;
        }
    }
    return found->second;
}

void SiteTracker::reached(const Moment& moment, const event::Site& site, TrackedTask& task) {
    const Reached& reached = find(site);
    if (!reached.place) {
        return;
    }
    switch (reached.place->site->kind) {
    case SiteKind::read_lock:
        task.read_sections.push_back(read_sections_.size());
        read_sections_.push_back({.tid = moment.tid,
                                  .comm = task.comm,
                                  .cpu = moment.cpu,
                                  .begin = moment.at,
                                  .end = std::nullopt,
                                  .place = reached.code,
                                  .nesting = static_cast<std::uint32_t>(task.read_sections.size() - 1)});
        break;
    case SiteKind::read_unlock:
        // Wherever it stands: a section may begin in one function and end in another.
        if (const auto index = close_newest(task.read_sections, [](std::size_t) { return true; })) {
            read_sections_[*index].end = moment.at;
        }
        break;
    case SiteKind::function_entry:
        enter(moment, reached, task);
        break;
    case SiteKind::function_return:
        leave(moment, *reached.place, task);
        break;
    }
}

void SiteTracker::enter(const Moment& moment, const Reached& reached, TrackedTask& task) {
    task.function_calls.push_back(function_calls_.size());
    called_.push_back(reached.place->function);
    function_calls_.push_back({.function = reached.code,
                               .tid = moment.tid,
                               .comm = task.comm,
                               .cpu = moment.cpu,
                               .begin = moment.at,
                               .end = std::nullopt});
    if (reached.place->of_exit) {
        modules_.exit_called(moment.at, reached.place->site->module);
    }
}

void SiteTracker::leave(const Moment& moment, const Place& place, TrackedTask& task) {
    const auto index =
        close_newest(task.function_calls, [&](std::size_t call) { return called_[call] == place.function; });
    if (!index) {
        return;
    }
    function_calls_[*index].end = moment.at;
    if (place.of_exit) {
        modules_.exit_returned(moment.at, place.site->module);
    }
}

void SiteTracker::switched_out(const Moment& moment, const event::SwitchOut& out, const TrackedTask& task) {
    for (const std::size_t index : task.read_sections) {
        read_sections_[index].off_cpu.push_back({.at = moment.at, .until = std::nullopt, .voluntary = !out.preempted});
    }
}

// Ends the newest absence only: of one before it, if still open, the end was missed.
void SiteTracker::switched_in(const Moment& moment, const TrackedTask& task) {
    for (const std::size_t index : task.read_sections) {
        auto& off_cpu = read_sections_[index].off_cpu;
        if (!off_cpu.empty() && !off_cpu.back().until) {
            off_cpu.back().until = moment.at;
        }
    }
}

std::vector<ReadSection> SiteTracker::finish_read_sections() {
    sort_by_time(read_sections_, [](const ReadSection& section) { return section.begin; });
    return std::move(read_sections_);
}

std::vector<FunctionCall> SiteTracker::finish_function_calls() {
    sort_by_time(function_calls_, [](const FunctionCall& call) { return call.begin; });
    return std::move(function_calls_);
}

} // namespace rcuscope
