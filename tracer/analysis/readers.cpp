// SPDX-License-Identifier: BSD-2-Clause
#include "analysis/readers.hpp"

#include <algorithm>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "analysis/describe.hpp"
#include "base/duration.hpp"
#include "timeline/moment.hpp"

namespace rcuscope {

namespace {

using Function = std::pair<std::string, std::string>; // module, function

struct Group {
    std::vector<std::size_t> sections; // by begin
    Nanoseconds first = 0;             // when the first was found to be one
    Nanoseconds worst = 0;
    std::size_t worst_section = 0;
    bool worst_known = false; // else there is none of which the duration is known

    void add(std::size_t section, Nanoseconds at) {
        first = sections.empty() ? at : std::min(first, at);
        sections.push_back(section);
    }
    void consider(std::size_t section, Nanoseconds duration) {
        if (!worst_known || duration > worst) {
            worst = duration;
            worst_section = section;
            worst_known = true;
        }
    }
};

Function function_of(const ReadSection& section) {
    return {section.place.module, section.place.function};
}

std::string name_of(const Function& function) {
    return function.second.empty() ? "a function without a name" : function.first + ":" + function.second;
}

// "rcu_demo:reader+0x12 (task reader 812, CPU 2)"
std::string where(const ReadSection& section) {
    return place_name(section.place, true) + " (task " + section.comm + " " + std::to_string(section.tid) + ", CPU " +
           std::to_string(section.cpu) + ")";
}

Hazard warning(const char* kind, const Function& function, Group group, std::string text) {
    return {.kind = kind,
            .severity = "warning",
            .module = function.first,
            .at = group.first,
            .callbacks = {},
            .read_sections = std::move(group.sections),
            .text = std::move(text)};
}

Hazard blocked(const Timeline& timeline, const Function& function, Group group) {
    const std::size_t count = group.sections.size();
    const ReadSection& shown = timeline.read_sections[group.worst_known ? group.worst_section : group.sections.front()];
    std::string text = name_of(function) + " gave up the CPU within " + counted(count, "read-side section");
    text += group.worst_known ? ", for up to " + duration_text(group.worst) : ", for a time not known";
    text += ", in the one of " + where(shown) +
            ": a task must not block within rcu_read_lock(), since every grace period waits for it; move the call "
            "that sleeps out of the section, or use SRCU, whose readers may sleep.";
    return warning("blocked-in-reader", function, std::move(group), std::move(text));
}

Hazard long_one(const Timeline& timeline, const Function& function, Group group, Nanoseconds limit) {
    const ReadSection& worst = timeline.read_sections[group.worst_section];
    std::string text =
        name_of(function) + " had " + counted(group.sections.size(), "read-side section") + " of " +
        duration_text(limit) + " or longer, the longest of " + duration_text(group.worst) +
        (worst.end ? "" : " until the recording ended") + ", " + where(worst) +
        ": a grace period that begins within it cannot end before it, so that callbacks and whoever waits in "
        "synchronize_rcu() wait as long; leave the section and enter it again between portions of the work, or "
        "use SRCU.";
    return warning("long-reader", function, std::move(group), std::move(text));
}

// When the memory of each module last went, by its name.
using LastFreed = std::map<std::string, Nanoseconds>;

LastFreed last_freed(const Timeline& timeline) {
    LastFreed freed;
    for (const ModuleLife& life : timeline.modules) {
        if (life.freed) {
            Nanoseconds& last = freed.try_emplace(life.name, *life.freed).first->second;
            last = std::max(last, *life.freed);
        }
    }
    return freed;
}

// How long a section was, or has been at the recording's end. None: its end was
// missed, in a loss or at a place that could not be probed.
std::optional<Nanoseconds> duration_of(const ReadSection& section, const CaptureSummary& capture,
                                       const LossIndex& losses, const LastFreed& freed) {
    if (section.end) {
        return elapsed(section.begin, *section.end);
    }
    if (losses.overlaps(section.begin, capture.end)) {
        return std::nullopt;
    }
    const auto module = freed.find(section.place.module);
    if (module != freed.end() && module->second >= section.begin) {
        return std::nullopt; // nobody is in it any more
    }
    return elapsed(section.begin, capture.end);
}

} // namespace

std::vector<Hazard> blocked_reader_hazards(const Timeline& timeline) {
    std::map<Function, Group> groups;
    for (std::size_t i = 0; i < timeline.read_sections.size(); i++) {
        const ReadSection& section = timeline.read_sections[i];
        const auto first = std::find_if(section.off_cpu.begin(), section.off_cpu.end(),
                                        [](const ReadSection::OffCpu& off) { return off.voluntary; });
        if (first == section.off_cpu.end()) {
            continue;
        }
        Group& group = groups[function_of(section)];
        group.add(i, first->at);
        for (const ReadSection::OffCpu& off : section.off_cpu) {
            if (off.voluntary && off.until) {
                group.consider(i, elapsed(off.at, *off.until));
            }
        }
    }
    std::vector<Hazard> hazards;
    hazards.reserve(groups.size());
    for (auto& [function, group] : groups) {
        hazards.push_back(blocked(timeline, function, std::move(group)));
    }
    return hazards;
}

std::vector<Hazard> long_reader_hazards(const Timeline& timeline, const LossIndex& losses, Nanoseconds limit) {
    const LastFreed freed = last_freed(timeline);
    std::map<Function, Group> groups;
    for (std::size_t i = 0; i < timeline.read_sections.size(); i++) {
        const ReadSection& section = timeline.read_sections[i];
        const auto duration = duration_of(section, timeline.capture, losses, freed);
        if (duration && *duration >= limit) {
            Group& group = groups[function_of(section)];
            group.add(i, section.begin);
            group.consider(i, *duration);
        }
    }
    std::vector<Hazard> hazards;
    hazards.reserve(groups.size());
    for (auto& [function, group] : groups) {
        hazards.push_back(long_one(timeline, function, std::move(group), limit));
    }
    return hazards;
}

} // namespace rcuscope
