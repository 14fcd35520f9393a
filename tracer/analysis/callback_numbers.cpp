// SPDX-License-Identifier: BSD-2-Clause
#include "analysis/callback_numbers.hpp"

#include <algorithm>
#include <limits>
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

CallbackNumbers::CallbackNumbers(const Timeline& timeline, std::uint64_t flood, std::size_t max_points)
    : none_(flood), steps_(timeline.capture.lost),
      times_per_point_(times_per_point(timeline.callbacks.size(), max_points)), all_series_(times_per_point_),
      counting_(
          [this](std::vector<Item>& items) {
              for (const Item& item : items)
                  count_pending(item);
          },
          batches_waiting) {
    items_.reserve(batch);
}

void CallbackNumbers::finish() {
    counting_.give(items_);
    counting_.finish();
    steps_.until(std::numeric_limits<Nanoseconds>::max(),
                 [this](std::uint32_t group, Nanoseconds at, int change) { step(group, at, change); });
}

void CallbackNumbers::add_function(const CodeLocation& function) {
    const bool named = !function.function.empty();
    const std::uint64_t key = std::uint64_t{function.module.id()} << 1 | (named ? 1 : 0);
    const auto [found, added] = module_numbers_.try_emplace(key, static_cast<std::uint32_t>(modules_.size()));
    if (added)
        modules_.push_back({.named = named, .name = function.module});
    module_of_.push_back(found->second);
    const auto [series, first] =
        series_numbers_.try_emplace(function.module, static_cast<std::uint32_t>(series_names_.size()));
    if (first)
        series_names_.push_back(function.module);
    series_of_.push_back(series->second);
    numbers_.emplace_back();
}

void CallbackNumbers::give() {
    counting_.give(items_);
    items_.clear();
    items_.reserve(batch);
}

void CallbackNumbers::count(const Callback& callback, const GracePeriod* released_by, CallbackStatistics& numbers) {
    numbers.queued++;
    numbers.done += callback.state == CallbackState::done ? 1U : 0U;
    numbers.pending += callback.state == CallbackState::pending ? 1U : 0U;
    numbers.unknown += callback.state == CallbackState::unknown ? 1U : 0U;
    if (!callback.invoked)
        return;
    numbers.invoked++;
    numbers.latency.add(elapsed(callback.queued, *callback.invoked));
    if (callback.done)
        numbers.run_time.add(elapsed(*callback.invoked, *callback.done));
    if (released_by == nullptr)
        return;
    if (const auto shares =
            shares_between(callback.queued, released_by->start, released_by->end, callback.invoked, callback.done)) {
        numbers.waiting_for_start.add(shares->waiting_for_start);
        numbers.waiting_for_end.add(shares->waiting_for_end);
        numbers.waiting_for_invocation.add(shares->waiting_for_invocation);
    }
}

void CallbackNumbers::count_pending(const Item& item) {
    if (item.function >= pending_.size()) {
        pending_.resize(item.function + 1, {.count = none_});
        module_pending_.resize(std::max<std::size_t>(module_pending_.size(), item.module + 1));
        module_series_.resize(std::max<std::size_t>(module_series_.size(), item.series + 1),
                              BacklogSeriesBuilder(times_per_point_));
        pending_[item.function].module = item.module;
        pending_[item.function].series = item.series;
    }
    const MaybeTime end = steps_.end_of(item.queued, item.invoked, item.state);
    const std::uint32_t group = 2 * item.function + (end && !item.invoked ? 1 : 0);
    steps_.take(item.queued, end, item.cpu, group,
                [this](std::uint32_t of, Nanoseconds at, int change) { step(of, at, change); });
}

void CallbackNumbers::step(std::uint32_t group, Nanoseconds at, int change) {
    Pending& pending = pending_[group / 2];
    const bool lost = group % 2 == 1 && change <= 0;
    pending.count.step(at, change);
    module_pending_[pending.module].step(at, change);
    all_pending_.step(at, change);
    module_series_[pending.series].step(at, change, lost);
    all_series_.step(at, change, lost);
}

std::vector<BacklogSeries> CallbackNumbers::backlogs() {
    std::vector<BacklogSeries> result;
    if (module_series_.empty())
        return result;
    result.push_back(all_series_.series({}));
    if (module_series_.size() == 1) // its series is that of all callbacks
        return result;
    for (std::size_t i = 0; i < module_series_.size(); i++)
        result.push_back(module_series_[i].series({.of_module = true, .module = series_names_[i]}));
    return result;
}

std::vector<CallbackStatistics> CallbackNumbers::by_function() const {
    std::vector<CallbackStatistics> result;
    for (std::size_t i = 0; i < numbers_.size(); i++) {
        CallbackStatistics& row = result.emplace_back(numbers_[i]);
        row.name = {.module = functions_[i].module, .function = functions_[i].function};
        row.named = !row.name.function.empty();
        row.backlog = backlog(i);
    }
    return result;
}

std::vector<CallbackStatistics> CallbackNumbers::by_module() const {
    std::vector<CallbackStatistics> result(modules_.size());
    for (std::size_t i = 0; i < numbers_.size(); i++)
        merge(numbers_[i], result[module_of_[i]]);
    for (std::size_t i = 0; i < modules_.size(); i++) {
        result[i].name.module = modules_[i].name;
        result[i].named = modules_[i].named;
        result[i].backlog = module_pending_[i].backlog();
    }
    return result;
}

CallbackStatistics CallbackNumbers::all() const {
    CallbackStatistics result;
    for (const CallbackStatistics& row : numbers_)
        merge(row, result);
    result.backlog = all_pending_.backlog();
    return result;
}

} // namespace rcuscope
