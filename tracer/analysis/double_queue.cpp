// SPDX-License-Identifier: BSD-2-Clause
#include "analysis/double_queue.hpp"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "analysis/describe.hpp"
#include "analysis/watched.hpp"
#include "base/duration.hpp"
#include "base/seeded_hash.hpp"
#include "timeline/moment.hpp"
#include "timeline/summary.hpp"

namespace rcuscope {

namespace {

// The time up to which the capture surely has the records of each CPU. A capture that was cut off may lack the last
// records of some CPUs. Most callbacks run on the CPU that queued them.
class RecordedUntil {
public:
    explicit RecordedUntil(const Timeline& timeline) : complete_(timeline.capture.complete) {
        if (complete_)
            return;
        for (const Callback& callback : timeline.callbacks) {
            seen(callback.queued_cpu, callback.queued);
            if (callback.invoked && callback.invoked_cpu)
                seen(*callback.invoked_cpu, *callback.invoked);
        }
    }

    bool reaches(std::uint32_t cpu, Nanoseconds at) const {
        const auto last = last_.find(cpu);
        return complete_ || (last != last_.end() && last->second >= at);
    }

private:
    void seen(std::uint32_t cpu, Nanoseconds at) {
        Nanoseconds& last = last_.try_emplace(cpu, at).first->second;
        last = std::max(last, at);
    }

    bool complete_;
    std::unordered_map<std::uint32_t, Nanoseconds, SeededHash> last_;
};

// Decides whether the first callback may have been invoked unseen before the second was queued. That requires a skipped
// run of the invocation probe and the end of a grace period in between: no callback runs before a grace period ends
// that began after its queueing.
class UnseenRuns {
public:
    explicit UnseenRuns(const Timeline& timeline) : any_(missed_runs(timeline.capture, "callback.invoked") > 0) {
        // The end of an expedited one is announced in a record of its own only where it releases callbacks.
        const bool expedited_too = std::any_of(timeline.grace_periods.begin(), timeline.grace_periods.end(),
                                               [](const GracePeriod& row) { return row.expedited && row.cleaned; });
        for (const GracePeriod& each : timeline.grace_periods) {
            if (each.expedited && !expedited_too)
                continue;
            if (each.end || each.start)
                ends_.push_back(each.end ? *each.end : *each.start);
            else
                some_time_ = true;
        }
        std::sort(ends_.begin(), ends_.end());
    }

    bool may_hide(const Callback& first, const Callback& second) const {
        if (first.invoked || !any_)
            return false;
        const auto end = std::lower_bound(ends_.begin(), ends_.end(), first.queued);
        return (some_time_ && first.queued <= second.queued) || (end != ends_.end() && *end <= second.queued);
    }

private:
    bool any_;
    bool some_time_ = false;        // neither start nor end of some grace period is known
    std::vector<Nanoseconds> ends_; // of grace periods, sorted
};

// The times at which modules were freed. A freed module does not reuse an rcu_head: the memory has another owner.
class FreedModules {
public:
    explicit FreedModules(const Timeline& timeline) {
        for (const ModuleLife& life : timeline.modules)
            if (life.freed)
                freed_[life.name].push_back(*life.freed);
        for (auto& [name, times] : freed_)
            std::sort(times.begin(), times.end());
    }

    bool had_code_of(const Callback& first, const Callback& second) const {
        const auto times = freed_.find(first.function->module.str());
        if (times == freed_.end())
            return false;
        const auto freed = std::lower_bound(times->second.begin(), times->second.end(), first.queued);
        return freed != times->second.end() && *freed <= second.queued;
    }

private:
    std::unordered_map<std::string, std::vector<Nanoseconds>, SeededHash> freed_;
};

// True if the first was surely pending when the second was queued. A callback whose own function queues the head again
// has been invoked before. After a loss in between, the invocation that was recorded may belong to the second.
bool was_pending(const Callback& first, const Callback& second, const LossIndex& losses, const RecordedUntil& extent) {
    if (losses.overlaps(first.queued, second.queued))
        return false;
    return first.invoked ? *first.invoked > second.queued : extent.reaches(first.queued_cpu, second.queued);
}

} // namespace

DoubleQueues::DoubleQueues(const Timeline& timeline, const LossIndex& losses) {
    if (timeline.requeued.empty() || is_missing(timeline.capture, "callback.invoked"))
        return;
    const WatchedModules watched(timeline);
    const RecordedUntil extent(timeline);
    const UnseenRuns unseen(timeline);
    const FreedModules freed(timeline);
    for (const Requeue& each : timeline.requeued) {
        const Callback& first = timeline.callbacks[each.first - 1];
        const Callback& second = timeline.callbacks[each.second - 1];
        if (second.head != 0 && (watched.contains(second) || watched.contains(first)) &&
            was_pending(first, second, losses, extent) && !unseen.may_hide(first, second) &&
            !freed.had_code_of(first, second))
            pairs_[{origin_of(first.caller), origin_of(second.caller), location_name(second.function, false)}]
                .push_back({.first = &first, .second = &second});
    }
}

Hazard DoubleQueues::hazard_of(const Places& places, const std::vector<Pair>& pairs) {
    const auto& [first_place, second_place, function] = places;
    const Callback& first = *pairs.front().first;
    const Callback& second = *pairs.front().second;
    Hazard hazard{.kind = "double-call-rcu",
                  .severity = "fatal",
                  .module = second.function->module.empty() ? first.function->module : second.function->module,
                  .at = second.queued,
                  .callbacks = {},
                  .text = {}};
    for (const Pair& pair : pairs)
        hazard.callbacks.insert(hazard.callbacks.end(), {pair.first->id, pair.second->id});
    std::sort(hazard.callbacks.begin(), hazard.callbacks.end());
    hazard.callbacks.erase(std::unique(hazard.callbacks.begin(), hazard.callbacks.end()), hazard.callbacks.end());

    const bool same = first_place == second_place;
    hazard.text = "an rcu_head was queued " + second_place + " for " + function + " while it was still pending, " +
                  duration_text(elapsed(first.queued, second.queued)) + " after it had been queued " +
                  (same ? "there" : first_place);
    if (pairs.size() > 1)
        hazard.text += ", and " + counted(pairs.size() - 1, "more time");
    hazard.text += ": this corrupts RCU's list of callbacks, so that some never run or run twice; let exactly one path "
                   "remove an object from its structure, and let that path call call_rcu() once.";
    return hazard;
}

std::vector<Hazard> DoubleQueues::hazards() const {
    std::vector<Hazard> hazards;
    for (const auto& [places, pairs] : pairs_)
        hazards.push_back(hazard_of(places, pairs));
    return hazards;
}

std::unordered_set<std::uint32_t> DoubleQueues::never_ran() const {
    std::unordered_set<std::uint32_t> ids;
    for (const auto& [places, pairs] : pairs_) {
        for (const Pair& pair : pairs) {
            for (const Callback* callback : {pair.first, pair.second})
                if (!callback->invoked)
                    ids.insert(callback->id);
        }
    }
    return ids;
}

} // namespace rcuscope
