// SPDX-License-Identifier: BSD-2-Clause
#include "analysis/callback_numbers.hpp"

#include <algorithm>
#include <utility>

#include "timeline/latency_breakdown.hpp"
#include "timeline/moment.hpp"

namespace rcuscope {

namespace {

// Merges all members except the backlog: the maximum of a sum is not the sum of the maxima.
void merge(const CallbackStatistics& part, CallbackStatistics& into) {
    into.queued += part.queued;
    into.done += part.done;
    into.pending += part.pending;
    into.unknown += part.unknown;
    into.invoked += part.invoked;
    into.latency.merge(part.latency);
    into.run_time.merge(part.run_time);
    into.waiting_for_start.merge(part.waiting_for_start);
    into.waiting_for_end.merge(part.waiting_for_end);
    into.waiting_for_invocation.merge(part.waiting_for_invocation);
}

} // namespace

CallbackNumbers::CallbackNumbers(const std::vector<Loss>& losses, std::uint64_t flood)
    : none_(flood), steps_(losses), counting_([this](std::vector<Item>& items) { count(items); }, batches_waiting) {
    items_.reserve(batch);
}

std::uint32_t CallbackNumbers::number_module(const CodeLocation& function) {
    const bool named = !function.function.empty();
    const std::uint64_t key = std::uint64_t{function.module.id()} << 1 | (named ? 1 : 0);
    const auto [found, added] = module_numbers_.try_emplace(key, static_cast<std::uint32_t>(modules_.size()));
    if (added)
        modules_.push_back({.named = named, .name = function.module});
    return found->second;
}

void CallbackNumbers::take(const Callback& callback, const GracePeriod* released_by, bool kept) {
    if (!kept)
        pass(callback);
    add(callback, released_by, kept, false);
}

// Callbacks arrive in the order in which they were queued, so the last one is the newest.
void CallbackNumbers::pass(const Callback& callback) {
    const PooledString module = callback.function->module;
    const PooledString queued_by = callback.caller->module;
    if (!module.empty())
        newest_passed_[module] = Queueing::of(callback);
    if (!queued_by.empty() && queued_by != module) {
        OthersFunction& others = passed_with_others_[queued_by][callback.function.id()];
        others.function = callback.function;
        others.count++;
    }
}

void CallbackNumbers::released(const Callback& callback, const GracePeriod& by) {
    add(callback, &by, true, true);
}

void CallbackNumbers::take_all(const Timeline& timeline) {
    timeline.check_bound();
    for (const Callback& callback : timeline.callbacks)
        take(callback, released_by(callback, timeline.grace_periods), true);
}

void CallbackNumbers::give() {
    counting_.give(items_);
    items_.clear();
    items_.reserve(batch);
}

void CallbackNumbers::count(std::vector<Item>& items) {
    for (const Item& item : items)
        count(item);
}

void CallbackNumbers::count(const Item& item) {
    if (item.function >= rows_.size()) {
        rows_.resize(item.function + 1, {.numbers = {}, .pending = none_, .passed = {}});
        module_pending_.resize(std::max<std::size_t>(module_pending_.size(), item.module + 1));
        rows_[item.function].module = item.module;
    }
    Row& row = rows_[item.function];
    count_shares(item, row.numbers);
    if (item.only_shares)
        return;
    CallbackStatistics& numbers = row.numbers;
    numbers.queued++;
    numbers.done += item.state == CallbackState::done ? 1U : 0U;
    numbers.pending += item.state == CallbackState::pending ? 1U : 0U;
    numbers.unknown += item.state == CallbackState::unknown ? 1U : 0U;
    if (item.invoked) {
        numbers.invoked++;
        numbers.latency.add(elapsed(item.queued, *item.invoked));
        if (item.done)
            numbers.run_time.add(elapsed(*item.invoked, *item.done));
    }
    if (!item.kept) {
        row.passed.count++;
        row.passed.last_done = std::max(row.passed.last_done.value_or(*item.done), *item.done);
    }
    steps_.take(item.queued, steps_.end_of(item.queued, item.invoked, item.state), item.cpu, item.function,
                [this](std::uint32_t of, Nanoseconds at, int change) {
                    Row& ended = rows_[of];
                    ended.pending.step(at, change);
                    module_pending_[ended.module].step(at, change);
                    all_pending_.step(at, change);
                });
}

void CallbackNumbers::count_shares(const Item& item, CallbackStatistics& numbers) {
    if (const auto shares = shares_between(item.queued, item.started, item.ended, item.invoked, item.done)) {
        numbers.waiting_for_start.add(shares->waiting_for_start);
        numbers.waiting_for_end.add(shares->waiting_for_end);
        numbers.waiting_for_invocation.add(shares->waiting_for_invocation);
    }
}

std::unordered_map<PooledString, CallbackNumbers::Passed> CallbackNumbers::passed() const {
    std::unordered_map<PooledString, Passed> by_module;
    for (std::size_t i = 0; i < rows_.size(); i++) {
        if (const Passed& of = rows_[i].passed; of.count != 0) {
            Passed& all = by_module[functions_[i].module];
            all.count += of.count;
            all.last_done = std::max(all.last_done.value_or(*of.last_done), *of.last_done);
        }
    }
    for (auto& [module, all] : by_module)
        if (const auto newest = newest_passed_.find(module); newest != newest_passed_.end())
            all.newest = newest->second;
    return by_module;
}

std::vector<CallbackStatistics> CallbackNumbers::by_function() const {
    std::vector<CallbackStatistics> result;
    for (std::size_t i = 0; i < rows_.size(); i++) {
        CallbackStatistics& row = result.emplace_back(rows_[i].numbers);
        row.name = {.module = functions_[i].module, .function = functions_[i].function};
        row.named = !row.name.function.empty();
        row.backlog = backlog(i);
    }
    return result;
}

std::vector<CallbackStatistics> CallbackNumbers::by_module() const {
    std::vector<CallbackStatistics> result(modules_.size());
    for (const Row& row : rows_)
        merge(row.numbers, result[row.module]);
    for (std::size_t i = 0; i < modules_.size(); i++) {
        result[i].name.module = modules_[i].name;
        result[i].named = modules_[i].named;
        result[i].backlog = module_pending_[i].backlog();
    }
    return result;
}

CallbackStatistics CallbackNumbers::all() const {
    CallbackStatistics result;
    for (const Row& row : rows_)
        merge(row.numbers, result);
    result.backlog = all_pending_.backlog();
    return result;
}

} // namespace rcuscope
