// SPDX-License-Identifier: BSD-2-Clause
#include "timeline/sites.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace rcuscope {

SiteTracker::SiteTracker(const Metadata& metadata, ModuleTracker& modules) : modules_(modules) {
    std::map<std::pair<std::string, std::string>, std::size_t> functions;
    for (const SiteInfo& site : metadata.sites) {
        const std::size_t function =
            functions.try_emplace({site.module, site.function}, functions.size()).first->second;
        const bool of_exit =
            std::any_of(metadata.modules.begin(), metadata.modules.end(), [&](const ModuleInfo& module) {
                return module.name == site.module && module.exit_function == site.function && !site.function.empty();
            });
        places_.push_back({.site = &site, .code = {}, .function = function, .of_exit = of_exit});
    }
}

void SiteTracker::moved(const Symbols& symbols) {
    for (Place& place : places_) {
        place.code = symbols.site(*place.site);
    }
}

void SiteTracker::reached(const Moment& moment, const event::Site& site, TrackedTask& task) {
    if (site.site >= places_.size()) {
        return;
    }
    const Place& place = places_[site.site];
    switch (place.site->kind) {
    case SiteKind::read_lock:
        task.read_sections.push_back(read_sections_.size());
        read_sections_.push_back({.tid = moment.tid,
                                  .comm = task.comm,
                                  .cpu = moment.cpu,
                                  .begin = moment.at,
                                  .end = std::nullopt,
                                  .place = place.code,
                                  .nesting = static_cast<std::uint32_t>(task.read_sections.size() - 1)});
        break;
    case SiteKind::read_unlock:
        // Wherever it stands: a section may begin in one function and end in another.
        if (const auto index = close_newest(task.read_sections, [](std::size_t) { return true; })) {
            read_sections_[*index].end = moment.at;
        }
        break;
    case SiteKind::function_entry:
        enter(moment, place, task);
        break;
    case SiteKind::function_return:
        leave(moment, place, task);
        break;
    }
}

void SiteTracker::enter(const Moment& moment, const Place& place, TrackedTask& task) {
    task.function_calls.push_back(function_calls_.size());
    called_.push_back(place.function);
    function_calls_.push_back({.function = place.code,
                               .tid = moment.tid,
                               .comm = task.comm,
                               .cpu = moment.cpu,
                               .begin = moment.at,
                               .end = std::nullopt});
    if (place.of_exit) {
        modules_.exit_called(moment.at, place.site->module);
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

std::vector<ReadSection> SiteTracker::finish_read_sections() {
    sort_by_time(read_sections_, [](const ReadSection& section) { return section.begin; });
    return std::move(read_sections_);
}

std::vector<FunctionCall> SiteTracker::finish_function_calls() {
    sort_by_time(function_calls_, [](const FunctionCall& call) { return call.begin; });
    return std::move(function_calls_);
}

} // namespace rcuscope
