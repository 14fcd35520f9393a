// SPDX-License-Identifier: BSD-2-Clause
#include "analysis/firing.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <map>
#include <utility>

#include "analysis/describe.hpp"
#include "base/duration.hpp"
#include "timeline/grace_periods.hpp"
#include "timeline/latency_breakdown.hpp"
#include "timeline/moment.hpp"

namespace rcuscope {

namespace {

bool interrupted(QueueContext in) {
    return in == QueueContext::softirq || in == QueueContext::hardirq;
}

std::string cpu_names(const std::vector<std::uint32_t>& cpus) {
    std::string text = cpus.size() == 1 ? "CPU " : "CPUs ";
    for (std::size_t i = 0; i < cpus.size(); i++)
        text += (i == 0 ? "" : ", ") + std::to_string(cpus[i]);
    return text;
}

// Consecutive parts of an interval. Each part ends at a given time, which is clamped, so that the parts always add up
// to the interval.
class Parts {
public:
    Parts(FiringAnalysis& firing, Nanoseconds from, Nanoseconds to) : firing_(firing), reached_(from), to_(to) {
        firing_.whole = elapsed(from, to);
    }
    void until(Nanoseconds at, std::string what) {
        const Nanoseconds end = std::clamp(at, reached_, std::max(reached_, to_));
        firing_.parts.push_back({std::move(what), elapsed(reached_, end)});
        reached_ = end;
    }
    void rest(std::string what) { until(to_, std::move(what)); }

private:
    FiringAnalysis& firing_;
    Nanoseconds reached_;
    Nanoseconds to_;
};

// A grace period that had not ended has no holder. Names the last busy CPU or preempted reader that was recorded.
void name_suspect(const GracePeriod& grace_period, FiringAnalysis& firing) {
    if (!grace_period.busy_cpus.empty()) {
        const BusyCpu& busy = grace_period.busy_cpus.back();
        firing.holder = "CPU " + std::to_string(busy.cpu) + ", " + busy.comm + " (" + std::to_string(busy.tid) +
                        "), was in the kernel without a context switch";
        firing.stack = busy.stack;
    } else if (!grace_period.preempted_readers.empty()) {
        const PreemptedReader& reader = grace_period.preempted_readers.back();
        firing.holder = reader.comm + " (" + std::to_string(reader.tid) + ") " + off_cpu_text(reader);
    }
}

void name_holder(const Analysis& analysis, const GracePeriod& grace_period, FiringAnalysis& firing) {
    if (const Holder* holder = analysis.holder_of(grace_period)) {
        firing.holder = holder->text;
        firing.stack = holder->stack;
    } else if (!grace_period.end) {
        name_suspect(grace_period, firing);
    }
}

void analyse_grace_period(const Timeline& timeline, const Analysis& analysis, const GracePeriod& grace_period,
                          FiringAnalysis& firing) {
    if (!grace_period.start)
        return;
    Parts parts(firing, *grace_period.start, grace_period.end.value_or(timeline.capture.end));
    std::vector<const QuiescentState*> reports;
    for (const QuiescentState& state : grace_period.quiescent_states)
        reports.push_back(&state);
    std::stable_sort(reports.begin(), reports.end(),
                     [](const QuiescentState* a, const QuiescentState* b) { return a->at < b->at; });
    if (reports.size() > 1)
        parts.until(reports[reports.size() - 2]->at, "until all CPUs but the last had reported");
    if (!reports.empty())
        parts.until(reports.back()->at, "until " + cpu_names(reports.back()->cpus) + " reported");
    if (!grace_period.end)
        parts.rest("until the recording ended, still waiting");
    else if (reports.empty())
        parts.rest("without a recorded report of any CPU");
    else
        parts.rest(reports.back()->blocked_readers ? "until preempted readers had left their sections"
                                                   : "until RCU's own thread ended it");
    name_holder(analysis, grace_period, firing);
}

// The normal grace period that covers most of an interval.
const GracePeriod* longest_within(const Timeline& timeline, Nanoseconds from, Nanoseconds to) {
    const GracePeriod* longest = nullptr;
    Nanoseconds limit = 0;
    for (const GracePeriod& grace_period : timeline.grace_periods) {
        if (!grace_period.start || grace_period.expedited)
            continue;
        const Nanoseconds begin = std::max(from, *grace_period.start);
        const Nanoseconds end = std::min(to, grace_period.end.value_or(timeline.capture.end));
        if (begin < end && elapsed(begin, end) > limit) {
            longest = &grace_period;
            limit = elapsed(begin, end);
        }
    }
    return longest;
}

void analyse_callback(const Timeline& timeline, const Analysis& analysis, const Callback& callback,
                      FiringAnalysis& firing) {
    const Nanoseconds end = callback.invoked.value_or(timeline.capture.end);
    Parts parts(firing, callback.queued, end);
    firing.what += ": " + location_name(callback.function, false) + ", queued on CPU " +
                   std::to_string(callback.queued_cpu) + " by " +
                   (interrupted(callback.queued_in) ? queued_by(callback.queued_comm, callback.queued_in)
                                                    : callback.queued_comm.str()) +
                   " (" + std::to_string(callback.queued_tid) + ")";
    if (const auto shares = latency_breakdown(callback, timeline.grace_periods)) {
        const Nanoseconds started = callback.queued + shares->waiting_for_start;
        parts.until(started, "until a grace period for it began");
        parts.until(started + shares->waiting_for_end, "until that grace period ended");
        parts.rest("ready, until it ran");
    } else {
        parts.rest(callback.invoked ? "until it ran; the grace period that released it is not known"
                                    : "until the recording ended; it had not run");
    }
    const GracePeriod* grace_period = released_by(callback, timeline.grace_periods);
    if (grace_period == nullptr)
        grace_period = longest_within(timeline, callback.queued, end);
    if (grace_period)
        name_holder(analysis, *grace_period, firing);
}

void analyse_section(const Timeline& timeline, const ReadSection& section, FiringAnalysis& firing) {
    const Nanoseconds end = section.known_end().value_or(timeline.capture.end);
    firing.whole = elapsed(section.begin, end);
    Nanoseconds preempted = 0;
    Nanoseconds locked = 0;
    Nanoseconds blocked = 0;
    for (const ReadSection::OffCpu& off : section.off_cpu)
        (off.voluntary ? blocked
         : off.lock    ? locked
                       : preempted) += elapsed(off.at, std::min(off.until.value_or(end), end));
    firing.parts = {{"running, or interrupted", firing.whole - preempted - locked - blocked},
                    {"preempted", preempted},
                    {"blocked", blocked}};
    if (locked > 0)
        firing.parts.insert(firing.parts.end() - 1, {"waiting for a sleeping lock", locked});
    firing.holder = "CPU " + std::to_string(section.cpu) + ", " + section.comm + " (" + std::to_string(section.tid) +
                    "), in " + location_name(section.place, false) + " for " + duration_text(firing.whole);
}

// The pending callbacks by function. `counted`: their number as counted in the kernel. It may be greater, since some
// were queued before the recording begins or their records were dropped from memory.
void analyse_pending(const Timeline& timeline, const Analysis& analysis, Nanoseconds at, std::uint64_t counted,
                     FiringAnalysis& firing) {
    constexpr std::size_t limit = 5;
    firing.counts = true;
    std::map<std::string, std::int64_t> by_function;
    for (const Callback& callback : timeline.callbacks)
        if (callback.queued <= at && callback.done.value_or(at + 1) > at) { // as the BPF programs count
            by_function[location_name(callback.function, false)]++;
            firing.whole++;
        }
    for (const auto& [function, count] : by_function)
        firing.parts.push_back({"of " + function, count});
    std::stable_sort(firing.parts.begin(), firing.parts.end(),
                     [](const Contribution& a, const Contribution& b) { return a.amount > b.amount; });
    if (firing.parts.size() > limit) {
        Contribution others{"of other functions", 0};
        for (std::size_t i = limit; i < firing.parts.size(); i++)
            others.amount += firing.parts[i].amount;
        firing.parts.resize(limit);
        firing.parts.push_back(std::move(others));
    }
    const auto all =
        static_cast<std::int64_t>(std::min<std::uint64_t>(counted, std::numeric_limits<std::int64_t>::max()));
    if (all > firing.whole) {
        firing.parts.push_back(
            {"not in this recording: queued before it began, or their records were dropped", all - firing.whole});
        firing.whole = all;
    } else if (all > 0 && all < firing.whole) {
        firing.what += "; the recording shows " + std::to_string(firing.whole) + " of them a moment earlier";
    }
    if (const GracePeriod* grace_period = longest_within(timeline, 0, at))
        name_holder(analysis, *grace_period, firing);
}

template <typename Rows, typename Is>
const typename Rows::value_type* find_row(const Rows& rows, Is is) {
    const auto found = std::find_if(rows.begin(), rows.end(), is);
    return found == rows.end() ? nullptr : &*found;
}

} // namespace

std::optional<FiringAnalysis> analyse_firing(const Timeline& timeline, const Analysis& analysis) {
    timeline.check_bound();
    if (!timeline.capture.fired)
        return std::nullopt;
    const FiredTrigger& fired = *timeline.capture.fired;
    const Nanoseconds began = relative_time(fired.began_ns, timeline.capture.start_boottime_ns);
    FiringAnalysis firing;
    firing.what = fired.trigger + ": " + fired.text;
    const bool expedited = fired.on == FiredOn::expedited_grace_period;
    if (expedited || fired.on == FiredOn::grace_period) {
        if (const auto* row = find_row(timeline.grace_periods, [&](const GracePeriod& each) {
                return each.expedited == expedited &&
                       static_cast<std::uint64_t>(each.gp_seq) >> rcu_seq_ctr_shift == fired.id >> rcu_seq_ctr_shift;
            }))
            analyse_grace_period(timeline, analysis, *row, firing);
    } else if (fired.on == FiredOn::callback) {
        if (const auto* row = find_row(timeline.callbacks, [&](const Callback& each) {
                return each.head == fired.id && each.queued == began;
            }))
            analyse_callback(timeline, analysis, *row, firing);
    } else if (fired.on == FiredOn::read_section) {
        if (const auto* row = find_row(timeline.read_sections, [&](const ReadSection& each) {
                return each.tid == fired.id && each.begin == began;
            }))
            analyse_section(timeline, *row, firing);
    } else if (fired.trigger.starts_with("pending")) {
        analyse_pending(timeline, analysis, relative_time(fired.fired_ns, timeline.capture.start_boottime_ns), fired.id,
                        firing);
    }
    return firing;
}

} // namespace rcuscope
