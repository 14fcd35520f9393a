// SPDX-License-Identifier: BSD-2-Clause
#include "analysis/statistics.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <tuple>
#include <utility>

#include "analysis/function_index.hpp"
#include "timeline/moment.hpp"
#include "timeline/summary.hpp"

namespace rcuscope {

namespace {

FunctionName name_of(const CodeLocation& place) {
    return {.module = place.module, .function = place.function};
}

void add_duration(Histogram& durations, const MaybeTime& from, const MaybeTime& to) {
    if (from && to)
        durations.add(elapsed(*from, *to));
}

GracePeriodStatistics grace_period_statistics(const std::vector<GracePeriod>& grace_periods, bool expedited) {
    GracePeriodStatistics statistics;
    std::vector<std::size_t>& ended = statistics.longest;
    for (std::size_t i = 0; i < grace_periods.size(); i++) {
        const GracePeriod& grace_period = grace_periods[i];
        if (grace_period.expedited == expedited && !grace_period.began_before) {
            statistics.count++;
            statistics.ended += grace_period.end ? 1U : 0U;
            add_duration(statistics.duration, grace_period.start, grace_period.end);
            if (grace_period.start && grace_period.end)
                ended.push_back(i);
        }
    }
    const auto longer = [&](std::size_t a, std::size_t b) {
        const Nanoseconds first = elapsed(*grace_periods[a].start, *grace_periods[a].end);
        const Nanoseconds second = elapsed(*grace_periods[b].start, *grace_periods[b].end);
        return first != second ? first > second : a < b;
    };
    const std::size_t kept = std::min(GracePeriodStatistics::max_longest, ended.size());
    std::partial_sort(ended.begin(), ended.begin() + static_cast<std::ptrdiff_t>(kept), ended.end(), longer);
    ended.resize(kept);
    ended.shrink_to_fit();
    return statistics;
}

// The rows of a map that is sorted by name. The stable sort keeps that order among equal counts.
template <typename Row, typename Map, typename MakeRow>
std::vector<Row> rows_by_count(Map& groups, std::size_t Row::*count, MakeRow make_row) {
    std::vector<Row> rows;
    rows.reserve(groups.size());
    for (auto& [key, group] : groups)
        rows.push_back(make_row(key, group));
    std::stable_sort(rows.begin(), rows.end(), [count](const Row& a, const Row& b) { return a.*count > b.*count; });
    return rows;
}

// Sorts by count, greatest first, then named rows before unnamed ones, then by name.
std::vector<CallbackStatistics> by_count(std::vector<CallbackStatistics> rows) {
    std::sort(rows.begin(), rows.end(), [](const CallbackStatistics& a, const CallbackStatistics& b) {
        return a.queued != b.queued ? a.queued > b.queued : a.named != b.named ? a.named : a.name < b.name;
    });
    return rows;
}

std::vector<ReadSectionStatistics> read_section_statistics(const SpillVector<ReadSection>& sections) {
    struct Group {
        std::size_t count = 0;
        std::size_t never_ended = 0;
        std::size_t ends_unseen = 0;
        std::size_t open = 0;
        Histogram durations;
        std::optional<std::size_t> longest;
        Nanoseconds longest_duration = 0;
    };
    using Key = std::pair<FunctionName, SectionBy>; // calls and the sections within them are counted apart
    std::map<Key, Group> groups;
    FunctionIndex index;
    std::vector<std::array<Group*, 2>> by_function;
    for (std::size_t i = 0; i < sections.size(); i++) {
        const ReadSection& section = sections[i];
        const std::uint32_t function = index.of(section.place);
        by_function.resize(index.size());
        Group*& found = by_function[function][section.by == SectionBy::function ? 1 : 0];
        if (found == nullptr)
            found = &groups[{name_of(section.place), section.by}];
        Group& group = *found;
        group.count++;
        if (!section.end) {
            (section.never_ended()                     ? group.never_ended
             : section.left == SectionLeft::unseen_end ? group.ends_unseen
                                                       : group.open)++;
            continue;
        }
        const Nanoseconds duration = elapsed(section.begin, *section.end);
        group.durations.add(duration);
        if (!group.longest || duration > group.longest_duration) {
            group.longest = i;
            group.longest_duration = duration;
        }
    }
    return rows_by_count(groups, &ReadSectionStatistics::count, [](const Key& key, Group& group) {
        return ReadSectionStatistics{.name = key.first,
                                     .by = key.second,
                                     .count = group.count,
                                     .never_ended = group.never_ended,
                                     .ends_unseen = group.ends_unseen,
                                     .open = group.open,
                                     .duration = std::move(group.durations),
                                     .longest = group.longest};
    });
}

std::vector<WaitStatistics> wait_statistics(const SpillVector<Wait>& waits) {
    struct Group {
        std::size_t count = 0;
        Histogram durations;
    };
    using Key = std::pair<FunctionName, event::WaitKind>;
    std::map<Key, Group> groups;
    for (const Wait& wait : waits) {
        Group& group = groups[{name_of(wait.caller), wait.kind}];
        group.count++;
        add_duration(group.durations, wait.begin, wait.end);
    }
    return rows_by_count(groups, &WaitStatistics::count, [](const Key& key, Group& group) {
        return WaitStatistics{
            .kind = key.second, .caller = key.first, .count = group.count, .duration = std::move(group.durations)};
    });
}

std::vector<KvfreeStatistics> kvfree_statistics(const SpillVector<KvfreeCall>& calls) {
    std::map<FunctionName, KvfreeStatistics> groups;
    for (const KvfreeCall& call : calls) {
        KvfreeStatistics& row = groups[name_of(call.caller)];
        row.count++;
        row.headless += call.headless ? 1U : 0U;
    }
    return rows_by_count(groups, &KvfreeStatistics::count, [](const FunctionName& caller, KvfreeStatistics& row) {
        row.caller = caller;
        return std::move(row);
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

Statistics statistics_of(const Timeline& timeline, const CallbackNumbers& callbacks) {
    timeline.check_bound();
    Statistics statistics;
    statistics.normal = grace_period_statistics(timeline.grace_periods, false);
    statistics.expedited = grace_period_statistics(timeline.grace_periods, true);
    statistics.all_callbacks = callbacks.all();
    statistics.callback_modules = by_count(callbacks.by_module());
    statistics.callbacks = by_count(callbacks.by_function());
    statistics.read_sections = read_section_statistics(timeline.read_sections);
    statistics.waits = wait_statistics(timeline.waits);
    statistics.kvfree_calls = kvfree_statistics(timeline.kvfree_calls);
    statistics.modules = module_statistics(timeline.modules);
    statistics.function_calls = timeline.function_calls.size();
    statistics.batches = timeline.batches.size();
    for (const Loss& loss : timeline.capture.lost)
        statistics.lost_records += loss.count;
    statistics.skipped_runs = lost_runs(timeline.capture).count;
    return statistics;
}

} // namespace rcuscope
