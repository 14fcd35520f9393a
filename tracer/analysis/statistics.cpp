// SPDX-License-Identifier: BSD-2-Clause
#include "analysis/statistics.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <tuple>
#include <utility>

#include "timeline/moment.hpp"

namespace rcuscope {

namespace {

FunctionName name_of(const CodePlace& place) {
    return {.module = place.module, .function = place.function};
}

using Durations = std::vector<Nanoseconds>;

void add_duration(Durations& durations, const MaybeTime& from, const MaybeTime& to) {
    if (from && to) {
        durations.push_back(elapsed(*from, *to));
    }
}

GracePeriodStatistics grace_period_statistics(const std::vector<GracePeriod>& grace_periods, bool expedited) {
    GracePeriodStatistics statistics;
    Durations durations;
    for (const GracePeriod& grace_period : grace_periods) {
        if (grace_period.expedited == expedited && !grace_period.began_before) {
            statistics.count++;
            statistics.ended += grace_period.end ? 1U : 0U;
            add_duration(durations, grace_period.start, grace_period.end);
        }
    }
    statistics.duration = Distribution(std::move(durations));
    return statistics;
}

// The rows of a map that is by name; the sort keeps that order among equal counts.
template <typename Row, typename Map, typename MakeRow>
std::vector<Row> rows_by_count(Map& groups, std::size_t Row::*count, MakeRow make_row) {
    std::vector<Row> rows;
    rows.reserve(groups.size());
    for (auto& [key, group] : groups) {
        rows.push_back(make_row(key, group));
    }
    std::stable_sort(rows.begin(), rows.end(), [count](const Row& a, const Row& b) { return a.*count > b.*count; });
    return rows;
}

std::vector<CallbackStatistics> callback_statistics(const std::vector<Callback>& callbacks) {
    struct Group {
        CallbackStatistics row;
        Durations latencies;
        Durations run_times;
    };
    std::map<FunctionName, Group> groups;
    for (const Callback& callback : callbacks) {
        Group& group = groups[name_of(callback.function)];
        group.row.queued++;
        group.row.done += callback.state == CallbackState::done ? 1U : 0U;
        group.row.pending += callback.state == CallbackState::pending ? 1U : 0U;
        group.row.unknown += callback.state == CallbackState::unknown ? 1U : 0U;
        add_duration(group.latencies, callback.queued, callback.invoked);
        add_duration(group.run_times, callback.invoked, callback.done);
    }
    return rows_by_count(groups, &CallbackStatistics::queued, [](const FunctionName& name, Group& group) {
        group.row.name = name;
        group.row.latency = Distribution(std::move(group.latencies));
        group.row.run_time = Distribution(std::move(group.run_times));
        return std::move(group.row);
    });
}

std::vector<ReadSectionStatistics> read_section_statistics(const std::vector<ReadSection>& sections) {
    struct Group {
        std::size_t count = 0;
        Durations durations;
        std::optional<std::size_t> longest;
        Nanoseconds longest_duration = 0;
    };
    using Key = std::pair<FunctionName, SectionBy>; // a call is not counted among the sections within it
    std::map<Key, Group> groups;
    for (std::size_t i = 0; i < sections.size(); i++) {
        const ReadSection& section = sections[i];
        Group& group = groups[{name_of(section.place), section.by}];
        group.count++;
        if (!section.end) {
            continue;
        }
        const Nanoseconds duration = elapsed(section.begin, *section.end);
        group.durations.push_back(duration);
        if (!group.longest || duration > group.longest_duration) {
            group.longest = i;
            group.longest_duration = duration;
        }
    }
    return rows_by_count(groups, &ReadSectionStatistics::count, [](const Key& key, Group& group) {
        return ReadSectionStatistics{.name = key.first,
                                     .by = key.second,
                                     .count = group.count,
                                     .duration = Distribution(std::move(group.durations)),
                                     .longest = group.longest};
    });
}

std::vector<WaitStatistics> wait_statistics(const std::vector<Wait>& waits) {
    struct Group {
        std::size_t count = 0;
        Durations durations;
    };
    using Key = std::pair<FunctionName, event::WaitKind>;
    std::map<Key, Group> groups;
    for (const Wait& wait : waits) {
        Group& group = groups[{name_of(wait.caller), wait.kind}];
        group.count++;
        add_duration(group.durations, wait.begin, wait.end);
    }
    return rows_by_count(groups, &WaitStatistics::count, [](const Key& key, Group& group) {
        return WaitStatistics{.kind = key.second,
                              .caller = key.first,
                              .count = group.count,
                              .duration = Distribution(std::move(group.durations))};
    });
}

std::vector<ModuleStatistics> module_statistics(const std::vector<ModuleLife>& lives) {
    std::map<std::string, ModuleStatistics> groups;
    for (const ModuleLife& life : lives) {
        ModuleStatistics& row = groups[life.name];
        row.followed = row.followed || life.followed;
        row.lives++;
    }
    return rows_by_count(groups, &ModuleStatistics::lives, [](const std::string& name, ModuleStatistics& row) {
        row.name = name;
        return std::move(row);
    });
}

} // namespace

Summary summarize(const Timeline& timeline) {
    Summary summary;
    summary.normal = grace_period_statistics(timeline.grace_periods, false);
    summary.expedited = grace_period_statistics(timeline.grace_periods, true);
    summary.callbacks = callback_statistics(timeline.callbacks);
    summary.read_sections = read_section_statistics(timeline.read_sections);
    summary.waits = wait_statistics(timeline.waits);
    summary.modules = module_statistics(timeline.modules);
    summary.function_calls = timeline.function_calls.size();
    summary.batches = timeline.batches.size();
    for (const Loss& loss : timeline.capture.lost) {
        summary.lost += loss.count;
    }
    return summary;
}

} // namespace rcuscope
