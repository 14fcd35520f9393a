// SPDX-License-Identifier: BSD-2-Clause
#include "analysis/readers.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
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
    std::vector<std::size_t> sections;
    Nanoseconds first = 0; // the time at which the first section became a hazard
    Nanoseconds worst = 0; // the longest duration
    std::size_t worst_section = 0;
    bool worst_known = false; // false: no duration is known

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

// The rcu_read_lock() sections that a hazard reports. A call of a reader function that overlaps one of them is the same
// reader, so the hazard does not report the call.
class ReportedSections {
public:
    // Sections must be added in the order of begin.
    void add(const ReadSection& section, Nanoseconds end) {
        Spans& spans = tasks_[section.tid];
        spans.emplace_back(section.begin, spans.empty() ? end : std::max(end, spans.back().second));
    }
    bool overlaps(const ReadSection& call, Nanoseconds end) const {
        const auto task = tasks_.find(call.tid);
        if (task == tasks_.end())
            return false;
        const Spans& spans = task->second;
        const auto after = std::upper_bound(spans.begin(), spans.end(), end,
                                            [](Nanoseconds at, const auto& span) { return at < span.first; });
        return after != spans.begin() && std::prev(after)->second >= call.begin;
    }

private:
    using Spans = std::vector<std::pair<Nanoseconds, Nanoseconds>>; // begin, and the latest end up to there
    std::map<std::uint32_t, Spans> tasks_;
};

// Visits the sections for which `found` holds, with their indexes: rcu_read_lock() sections first, then calls.
template <typename Found, typename Visit>
void each_reader(const Timeline& timeline, Found found, Visit visit) {
    const auto end_of = [&timeline](const ReadSection& section) {
        return section.known_end().value_or(timeline.capture.end);
    };
    ReportedSections reported;
    for (const SectionBy by : {SectionBy::rcu_read_lock, SectionBy::function}) {
        for (std::size_t i = 0; i < timeline.read_sections.size(); i++) {
            const ReadSection& section = timeline.read_sections[i];
            if (section.by != by || !found(section) ||
                (by == SectionBy::function && reported.overlaps(section, end_of(section))))
                continue;
            if (by == SectionBy::rcu_read_lock)
                reported.add(section, end_of(section));
            visit(i, section);
        }
    }
}

// "rcu_demo:reader+0x12 (task reader 812, CPU 2)"
std::string where(const ReadSection& section) {
    return location_name(section.place, true) + " (task " + section.comm + " " + std::to_string(section.tid) +
           ", CPU " + std::to_string(section.cpu) + ")";
}

Hazard hazard(const char* kind, const char* severity, const Function& function, Group group, std::string text) {
    std::sort(group.sections.begin(), group.sections.end());
    return {.kind = kind,
            .severity = severity,
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
    text += group.worst_known ? ", for up to " + duration_text(group.worst) : ", for an unknown time";
    text += ", for example in the section at " + where(shown) +
            ": a task must not block within rcu_read_lock(), since every grace period waits for it; move the call "
            "that sleeps out of the section, or use SRCU, whose readers may sleep.";
    return hazard("blocked-in-reader", "warning", function, std::move(group), std::move(text));
}

Hazard long_one(const Timeline& timeline, const Function& function, Group group, Nanoseconds limit) {
    const ReadSection& worst = timeline.read_sections[group.worst_section];
    std::string text =
        name_of(function) + " had " + counted(group.sections.size(), "read-side section") + " of " +
        duration_text(limit) + " or longer, the longest of " + duration_text(group.worst) +
        (worst.end ? "" : " until the recording ended") + ", " + where(worst) +
        ": a grace period that begins within it cannot end before it, so that callbacks and callers of "
        "synchronize_rcu() wait as long; leave the section and enter it again between portions of the work, or "
        "use SRCU.";
    return hazard("long-reader", "warning", function, std::move(group), std::move(text));
}

// "its task ended within it"
std::string how_left(const ReadSection& section) {
    switch (section.left) {
    case SectionLeft::user_mode:
        return "its task ran in user mode within it";
    case SectionLeft::idle:
        return "an interrupt over the idle task of CPU " + std::to_string(section.cpu) + " left it open";
    default:
        return "its task ended within it";
    }
}

Hazard left_open(const Timeline& timeline, const Function& function, Group group, std::size_t all) {
    const ReadSection& first = timeline.read_sections[group.sections.front()];
    std::string text = std::to_string(group.sections.size()) + " of " + counted(all, "read-side section") + " of " +
                       name_of(function) + " did not end, the first at " + where(first) + ": " + how_left(first) +
                       ". Each rcu_read_lock() needs its rcu_read_unlock() on every path, error paths included: every "
                       "grace period waits for an open section, and so do callbacks and callers of synchronize_rcu().";
    return hazard("reader-never-ended", "fatal", function, std::move(group), std::move(text));
}

// The time at which the memory of each module was last freed, by module name.
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

// The duration of a section, up to the end of the recording if it is open. Nullopt: its end was missed in a loss, at a
// location that could not be probed, or because its module is gone.
std::optional<Nanoseconds> duration_of(const ReadSection& section, const CaptureSummary& capture,
                                       const LossIndex& losses, const LastFreed& freed) {
    if (section.end)
        return elapsed(section.begin, *section.end);
    if (section.left == SectionLeft::unseen_end)
        return std::nullopt;
    if (losses.overlaps(section.begin, capture.end))
        return std::nullopt;
    const auto module = freed.find(section.place.module);
    if (module != freed.end() && module->second >= section.begin)
        return std::nullopt; // the module was freed: no task is in its code
    return elapsed(section.begin, capture.end);
}

} // namespace

std::vector<Hazard> blocked_reader_hazards(const Timeline& timeline) {
    std::map<Function, Group> groups;
    const auto first_block = [](const ReadSection& section) {
        return std::find_if(
            section.off_cpu.begin(), section.off_cpu.end(),
            [](const ReadSection::OffCpu& off) { return off.voluntary; });
    };
    each_reader(
        timeline,
        [&](const ReadSection& section) {
            return !section.never_ended() && first_block(section) != section.off_cpu.end();
        },
        [&](std::size_t i, const ReadSection& section) {
            Group& group = groups[function_of(section)];
            group.add(i, first_block(section)->at);
            for (const ReadSection::OffCpu& off : section.off_cpu) {
                if (off.voluntary && off.until) {
                    group.consider(i, elapsed(off.at, *off.until));
                }
            }
        });
    std::vector<Hazard> hazards;
    hazards.reserve(groups.size());
    for (auto& [function, group] : groups)
        hazards.push_back(blocked(timeline, function, std::move(group)));
    return hazards;
}

std::vector<Hazard> left_reader_hazards(const Timeline& timeline) {
    std::map<Function, Group> groups;
    for (std::size_t i = 0; i < timeline.read_sections.size(); i++) {
        const ReadSection& section = timeline.read_sections[i];
        if (section.never_ended())
            groups[function_of(section)].add(i, section.left_at);
    }
    std::map<Function, std::size_t> all;
    if (!groups.empty()) {
        for (const ReadSection& section : timeline.read_sections)
            if (section.by == SectionBy::rcu_read_lock)
                all[function_of(section)]++;
    }
    std::vector<Hazard> hazards;
    hazards.reserve(groups.size());
    for (auto& [function, group] : groups)
        hazards.push_back(left_open(timeline, function, std::move(group), all[function]));
    return hazards;
}

std::vector<Hazard> long_reader_hazards(const Timeline& timeline, const LossIndex& losses, Nanoseconds limit) {
    const LastFreed freed = last_freed(timeline);
    std::map<Function, Group> groups;
    const auto duration = [&](const ReadSection& section) {
        return duration_of(section, timeline.capture, losses, freed);
    };
    each_reader(
        timeline,
        [&](const ReadSection& section) { return !section.never_ended() && duration(section).value_or(-1) >= limit; },
        [&](std::size_t i, const ReadSection& section) {
            Group& group = groups[function_of(section)];
            group.add(i, section.begin);
            group.consider(i, *duration(section));
        });
    std::vector<Hazard> hazards;
    hazards.reserve(groups.size());
    for (auto& [function, group] : groups)
        hazards.push_back(long_one(timeline, function, std::move(group), limit));
    return hazards;
}

} // namespace rcuscope
