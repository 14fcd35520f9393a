// SPDX-License-Identifier: BSD-2-Clause
#include "analysis/statistics.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <future>
#include <map>
#include <tuple>
#include <utility>

#include "analysis/function_index.hpp"
#include "timeline/moment.hpp"
#include "timeline/pending.hpp"
#include "timeline/shares.hpp"

namespace rcuscope {

namespace {

FunctionName name_of(const CodePlace& place) {
    return {.module = place.module, .function = place.function};
}

void add_duration(Histogram& durations, const MaybeTime& from, const MaybeTime& to) {
    if (from && to) {
        durations.add(elapsed(*from, *to));
    }
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
            if (grace_period.start && grace_period.end) {
                ended.push_back(i);
            }
        }
    }
    const auto longer = [&](std::size_t a, std::size_t b) {
        const Nanoseconds first = elapsed(*grace_periods[a].start, *grace_periods[a].end);
        const Nanoseconds second = elapsed(*grace_periods[b].start, *grace_periods[b].end);
        return first != second ? first > second : a < b;
    };
    const std::size_t kept = std::min(GracePeriodStatistics::most_longest, ended.size());
    std::partial_sort(ended.begin(), ended.begin() + static_cast<std::ptrdiff_t>(kept), ended.end(), longer);
    ended.resize(kept);
    ended.shrink_to_fit();
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

// Callbacks of one function, of one module, or all: one pass over them makes every row.
struct CallbackRow {
    CallbackStatistics numbers;

    void add(const Callback& callback, const std::vector<GracePeriod>& grace_periods) {
        numbers.queued++;
        numbers.done += callback.state == CallbackState::done ? 1U : 0U;
        numbers.pending += callback.state == CallbackState::pending ? 1U : 0U;
        numbers.unknown += callback.state == CallbackState::unknown ? 1U : 0U;
        numbers.invoked += callback.invoked ? 1U : 0U;
        add_duration(numbers.latency, callback.queued, callback.invoked);
        add_duration(numbers.run_time, callback.invoked, callback.done);
        if (const auto shares = shares_of(callback, grace_periods)) {
            numbers.waiting_for_start.add(shares->waiting_for_start);
            numbers.waiting_for_end.add(shares->waiting_for_end);
            numbers.waiting_for_invocation.add(shares->waiting_for_invocation);
        }
    }
    // All but the backlog, which is not the sum of its parts' deepest.
    void merge(const CallbackStatistics& part) {
        numbers.queued += part.queued;
        numbers.done += part.done;
        numbers.pending += part.pending;
        numbers.unknown += part.unknown;
        numbers.invoked += part.invoked;
        numbers.latency.merge(part.latency);
        numbers.run_time.merge(part.run_time);
        numbers.waiting_for_start.merge(part.waiting_for_start);
        numbers.waiting_for_end.merge(part.waiting_for_end);
        numbers.waiting_for_invocation.merge(part.waiting_for_invocation);
    }
    CallbackStatistics finished(bool named, FunctionName name) && {
        numbers.named = named;
        numbers.name = std::move(name);
        return std::move(numbers);
    }
};

using CallbackKey = std::pair<bool, FunctionName>; // no name is known; the name

std::vector<CallbackStatistics> callback_rows(std::map<CallbackKey, CallbackRow>& groups) {
    return rows_by_count(groups, &CallbackStatistics::queued, [](const CallbackKey& key, CallbackRow& row) {
        return std::move(row).finished(!key.first, key.second);
    });
}

CallbackKey function_key(const CodePlace& place) {
    return {place.function.empty(), name_of(place)};
}

CallbackKey module_key(const CodePlace& place) {
    return {place.function.empty(), {.module = place.module, .function = {}}};
}

struct Backlogs {
    std::vector<BacklogCount> functions; // by FunctionIndex
    std::map<CallbackKey, BacklogCount> modules;
    BacklogCount all;
};

// Beside whoever makes the rows.
Backlogs backlogs_of(const Timeline& timeline) {
    Backlogs backlogs;
    FunctionIndex index;
    std::vector<BacklogCount*> modules; // by the function's number
    PendingSteps steps(timeline.capture);
    timeline.callbacks.for_each_beside([&](const Callback& callback) {
        const std::uint32_t function = index.of(callback.function);
        if (function == modules.size()) {
            modules.push_back(&backlogs.modules[module_key(*callback.function)]);
            backlogs.functions.emplace_back();
        }
        steps.take(callback, function, [&](std::uint32_t of, Nanoseconds at, int change) {
            backlogs.functions[of].step(at, change);
            modules[of]->step(at, change);
            backlogs.all.step(at, change);
        });
    });
    return backlogs;
}

void callback_statistics(const Timeline& timeline, Statistics& statistics) {
    struct Rows {
        CallbackRow* function;
        CallbackRow* module;
    };
    // In a thread, or at get() where there may be no more of them.
    auto backlogs_to_come = std::async(std::launch::async | std::launch::deferred, backlogs_of, std::cref(timeline));
    std::map<CallbackKey, CallbackRow> functions;
    std::map<CallbackKey, CallbackRow> modules;
    CallbackRow all;
    FunctionIndex index;
    std::vector<Rows> rows; // by the function's number
    for (const Callback& callback : timeline.callbacks) {
        const std::uint32_t function = index.of(callback.function);
        if (function == rows.size()) {
            rows.push_back({.function = &functions[function_key(*callback.function)],
                            .module = &modules[module_key(*callback.function)]});
        }
        rows[function].function->add(callback, timeline.grace_periods);
    }
    const Backlogs backlogs = backlogs_to_come.get();
    for (std::size_t i = 0; i < rows.size(); i++) {
        CallbackStatistics& function = rows[i].function->numbers;
        rows[i].module->merge(function);
        all.merge(function);
        function.backlog = backlogs.functions[i].backlog();
    }
    for (auto& [key, module] : modules) {
        module.numbers.backlog = backlogs.modules.at(key).backlog();
    }
    all.numbers.backlog = backlogs.all.backlog();
    statistics.all_callbacks = std::move(all).finished(true, {});
    statistics.callback_modules = callback_rows(modules);
    statistics.callbacks = callback_rows(functions);
}

std::vector<ReadSectionStatistics> read_section_statistics(const LongList<ReadSection>& sections) {
    struct Group {
        std::size_t count = 0;
        Histogram durations;
        std::optional<std::size_t> longest;
        Nanoseconds longest_duration = 0;
    };
    using Key = std::pair<FunctionName, SectionBy>; // a call is not counted among the sections within it
    std::map<Key, Group> groups;
    FunctionIndex index;
    std::vector<std::array<Group*, 2>> by_function;
    for (std::size_t i = 0; i < sections.size(); i++) {
        const ReadSection& section = sections[i];
        const std::uint32_t function = index.of(section.place);
        by_function.resize(index.size());
        Group*& found = by_function[function][section.by == SectionBy::function ? 1 : 0];
        if (found == nullptr) {
            found = &groups[{name_of(section.place), section.by}];
        }
        Group& group = *found;
        group.count++;
        if (!section.end) {
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
                                     .duration = std::move(group.durations),
                                     .longest = group.longest};
    });
}

std::vector<WaitStatistics> wait_statistics(const LongList<Wait>& waits) {
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

std::vector<KvfreeStatistics> kvfree_statistics(const LongList<KvfreeCall>& calls) {
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

Statistics statistics_of(const Timeline& timeline) {
    Statistics statistics;
    statistics.normal = grace_period_statistics(timeline.grace_periods, false);
    statistics.expedited = grace_period_statistics(timeline.grace_periods, true);
    callback_statistics(timeline, statistics);
    statistics.read_sections = read_section_statistics(timeline.read_sections);
    statistics.waits = wait_statistics(timeline.waits);
    statistics.kvfree_calls = kvfree_statistics(timeline.kvfree_calls);
    statistics.modules = module_statistics(timeline.modules);
    statistics.function_calls = timeline.function_calls.size();
    statistics.batches = timeline.batches.size();
    for (const Loss& loss : timeline.capture.lost) {
        statistics.lost += loss.count;
    }
    for (const CaptureSummary::Probe& probe : timeline.capture.probes) {
        statistics.missed += probe.missed;
    }
    return statistics;
}

} // namespace rcuscope
