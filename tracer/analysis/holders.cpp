// SPDX-License-Identifier: BSD-2-Clause
#include "analysis/holders.hpp"

#include <algorithm>
#include <cstddef>
#include <functional>
#include <queue>
#include <set>
#include <utility>
#include <vector>

#include "analysis/describe.hpp"
#include "analysis/loss_index.hpp"
#include "base/duration.hpp"
#include "timeline/moment.hpp"

namespace rcuscope {

namespace {

// The set of sections that are open at a time. The times must ascend.
class OpenSections {
public:
    explicit OpenSections(const Timeline& timeline) : sections_(timeline.read_sections), end_(timeline.capture.end) {}

    Nanoseconds end_of(const ReadSection& section) const { return section.known_end().value_or(end_); }

    void go_to(Nanoseconds at) {
        for (; next_ < sections_.size() && sections_[next_].begin <= at; next_++) {
            const Nanoseconds end = end_of(sections_[next_]);
            if (end > at) {
                open_.insert(next_);
                ends_.emplace(end, next_);
            }
        }
        for (; !ends_.empty() && ends_.top().first <= at; ends_.pop())
            open_.erase(ends_.top().second);
    }

    // Visits the newest sections first, until `visit` returns false. Visits at most max_visited: if more are open,
    // the ends of the others were missed.
    template <typename Visit>
    void each(Visit visit) const {
        std::size_t visited = 0;
        for (auto section = open_.rbegin(); section != open_.rend() && visited < max_visited; ++section, ++visited)
            if (!visit(sections_[*section], *section))
                return;
    }

private:
    static constexpr std::size_t max_visited = 1024;

    using End = std::pair<Nanoseconds, std::size_t>;

    const SpillVector<ReadSection>& sections_; // by begin
    Nanoseconds end_;                          // of the recording
    std::size_t next_ = 0;                     // index of the first section that has not begun
    std::set<std::size_t> open_;               // indexes
    std::priority_queue<End, std::vector<End>, std::greater<>> ends_;
};

std::string cpu_list(const std::vector<std::uint32_t>& cpus) {
    std::string text = cpus.size() == 1 ? "CPU " : "CPUs ";
    for (std::size_t i = 0; i < cpus.size(); i++)
        text += (i == 0 ? "" : ", ") + std::to_string(cpus[i]);
    return text;
}

std::string task_text(const std::string& comm, std::uint32_t tid) {
    return (comm.empty() ? "task" : comm) + " (" + std::to_string(tid) + ")";
}

// The time halfway between the start and the end of a grace period.
Nanoseconds middle_of(const GracePeriod& grace_period) {
    return *grace_period.start + elapsed(*grace_period.start, *grace_period.end) / 2;
}

class Judge {
public:
    // `sections`: advanced to the middle of the grace period.
    Judge(const GracePeriod& grace_period, const OpenSections& sections)
        : gp_(grace_period), sections_(sections), start_(*grace_period.start), end_(*grace_period.end),
          last_(last_report()) {}

    Holder holder() const {
        for (auto evidence : {&Judge::read_section, &Judge::preempted_reader, &Judge::kthread, &Judge::last_cpu}) {
            if (auto found = (this->*evidence)()) {
                found->text = what_and_how_long() + ": " + found->text;
                found->quiescent_state = last_index();
                return *found;
            }
        }
        Holder unknown;
        unknown.text = what_and_how_long() + ", and its holder is unknown: " + missing();
        unknown.quiescent_state = last_index();
        return unknown;
    }

private:
    std::string what_and_how_long() const {
        return (gp_.expedited ? "expedited GP " : "GP ") + std::to_string(gp_.gp_seq) + " took " +
               duration_text(elapsed(start_, end_));
    }

    // The last report of a quiescent state that was recorded.
    const QuiescentState* last_report() const {
        const QuiescentState* last = nullptr;
        for (const QuiescentState& state : gp_.quiescent_states)
            if (!last || state.at >= last->at)
                last = &state;
        return last;
    }

    std::optional<std::size_t> last_index() const {
        return last_ ? std::optional<std::size_t>(last_ - gp_.quiescent_states.data()) : std::nullopt;
    }

    bool explains(Nanoseconds held) const { return held >= elapsed(start_, end_) / 2; }

    // A section that began after the grace period also holds it if its CPU had not reported yet: the CPU cannot report
    // a quiescent state from within the section, and if the task is preempted first, the grace period waits for it.
    bool held_though_entered_since(const ReadSection& section) const {
        const auto in_it = [&](const PreemptedReader& reader) {
            return reader.tid == section.tid && reader.at >= section.begin && reader.at <= sections_.end_of(section);
        };
        return (last_ && std::find(last_->cpus.begin(), last_->cpus.end(), section.cpu) != last_->cpus.end()) ||
               std::any_of(gp_.preempted_readers.begin(), gp_.preempted_readers.end(), in_it);
    }

    // A section that explains half of the grace period is open in the middle of it. A call of a reader function counts
    // only if no rcu_read_lock() section explains the grace period.
    std::optional<Holder> read_section() const {
        const ReadSection* longest = nullptr;
        std::size_t at = 0; // index of `longest`
        Nanoseconds held = 0;
        sections_.each([&](const ReadSection& section, std::size_t index) {
            const Nanoseconds share =
                elapsed(std::max(section.begin, start_), std::min(sections_.end_of(section), end_));
            const bool better = longest == nullptr || std::pair(section.by == SectionBy::rcu_read_lock, share) >
                                                          std::pair(longest->by == SectionBy::rcu_read_lock, held);
            if (explains(share) && better && (section.begin <= start_ || held_though_entered_since(section))) {
                longest = &section;
                at = index;
                held = share;
            }
            // Stop at an rcu_read_lock() section that covers the whole grace period. Where ends were missed, very many
            // sections seem open.
            return !longest || longest->by != SectionBy::rcu_read_lock || held < elapsed(start_, end_);
        });
        if (!longest)
            return std::nullopt;
        Holder holder{.kind = HolderKind::read_section,
                      .cpu = longest->cpu,
                      .tid = longest->tid,
                      .comm = longest->comm,
                      .place = longest->place,
                      .held = held,
                      .stack = {},
                      .text = {},
                      .read_section = at};
        holder.text = "CPU " + std::to_string(longest->cpu) + ", " + longest->comm +
                      (longest->by == SectionBy::function ? ", in a call of " : ", in ") +
                      location_name(longest->place, false) + " for " +
                      duration_text(elapsed(longest->begin, sections_.end_of(*longest)));
        return holder;
    }

    std::optional<Holder> preempted_reader() const {
        if (gp_.preempted_readers.empty())
            return std::nullopt;
        // The last reader that a scan found has held the grace period since its start.
        const PreemptedReader& reader = gp_.preempted_readers.back();
        if (!explains(elapsed(start_, reader.at)) &&
            !(last_ && last_->blocked_readers && explains(elapsed(last_->at, end_))))
            return std::nullopt;
        Holder holder{.kind = HolderKind::preempted_reader,
                      .cpu = std::nullopt,
                      .tid = reader.tid,
                      .comm = reader.comm,
                      .place = {},
                      .held = elapsed(start_, end_),
                      .stack = {},
                      .text = {}};
        holder.text = task_text(reader.comm, reader.tid) + " " + off_cpu_text(reader);
        return holder;
    }

    std::optional<Holder> kthread() const {
        if (!last_ || !last_->last || last_->blocked_readers || !explains(elapsed(last_->at, end_)))
            return std::nullopt;
        Holder holder;
        holder.kind = HolderKind::gp_kthread;
        holder.held = elapsed(last_->at, end_);
        holder.text = "every CPU had reported after " + duration_text(elapsed(start_, last_->at)) +
                      (gp_.expedited ? ", and the thread that drives it ran " : ", and RCU's own thread ran ") +
                      duration_text(holder.held) + " later";
        return holder;
    }

    std::optional<Holder> last_cpu() const {
        if (!last_ || !explains(elapsed(start_, last_->at)) || last_->cpus.empty())
            return std::nullopt;
        Holder holder;
        holder.cpu = last_->cpus.front();
        holder.held = elapsed(start_, last_->at);
        // A CPU without ticks took no other samples in that time.
        if (const BusyCpu* deaf = longest_without_tick())
            return without_tick(*deaf, std::move(holder));
        if (const BusyCpu* busy = newest_in_kernel())
            return in_kernel(*busy, std::move(holder));
        if (last_->kind != event::QuiescentKind::scan)
            return std::nullopt;
        holder.kind = HolderKind::idle_cpu;
        holder.text =
            cpu_list(last_->cpus) + (last_->cpus.size() == 1 ? " was" : " were") + " idle or in user mode, which " +
            (gp_.expedited ? "was noticed after " : "a forced scan noticed after ") + duration_text(holder.held);
        return holder;
    }

    bool reported_last(const BusyCpu& sample) const {
        return std::find(last_->cpus.begin(), last_->cpus.end(), sample.cpu) != last_->cpus.end();
    }

    // For how much of the grace period the CPU of the sample had no tick.
    Nanoseconds without_tick(const BusyCpu& sample) const {
        return elapsed(std::max(start_, sample.at - std::min(sample.no_tick, elapsed(start_, sample.at))), sample.at);
    }

    const BusyCpu* longest_without_tick() const {
        const BusyCpu* longest = nullptr;
        for (const BusyCpu& sample : gp_.busy_cpus)
            if (sample.no_tick > 0 && reported_last(sample) && explains(without_tick(sample)) &&
                (!longest || without_tick(sample) > without_tick(*longest)))
                longest = &sample;
        return longest;
    }

    // The newest sample of the CPU that reported last. Older samples show tasks that have been switched out since. A
    // sample in user mode is skipped: there the CPU was about to report. Samples are taken at ticks 1, 2, 4, 8, ...; if
    // the newest lies in the first quarter, another task kept the CPU busy later and was not sampled. An expedited
    // grace period has one sample, taken when the CPU is interrupted.
    const BusyCpu* newest_in_kernel() const {
        const BusyCpu* newest = nullptr;
        for (const BusyCpu& sample : gp_.busy_cpus) {
            const bool in_user_mode = sample.no_tick > 0 && sample.stack.empty();
            if (!in_user_mode && reported_last(sample) && (!newest || sample.at >= newest->at))
                newest = &sample;
        }
        const bool stale = newest && !gp_.expedited && elapsed(start_, newest->at) < elapsed(start_, last_->at) / 4;
        return stale ? nullptr : newest;
    }

    static std::string sampled(const BusyCpu& sample, Holder& holder) {
        holder.kind = HolderKind::busy_cpu;
        holder.cpu = sample.cpu;
        holder.tid = sample.tid;
        holder.comm = sample.comm;
        holder.stack = sample.stack;
        if (!sample.stack.empty())
            holder.place = sample.stack.front();
        return "CPU " + std::to_string(sample.cpu) + ", " + task_text(sample.comm, sample.tid);
    }

    Holder in_kernel(const BusyCpu& sample, Holder holder) const {
        holder.text = sampled(sample, holder);
        holder.text += (holder.place.known() ? ", in " + location_name(holder.place, false) : ", in the kernel") +
                       (gp_.expedited ? ", with preemption off" : " without a context switch") +
                       ", reported last after " + duration_text(holder.held);
        return holder;
    }

    Holder without_tick(const BusyCpu& sample, Holder holder) const {
        holder.held = without_tick(sample);
        holder.text = sampled(sample, holder);
        holder.text += ", took no timer tick for " + duration_text(holder.held) +
                       (holder.place.known() ? " until " + location_name(holder.place, false) : "") +
                       " (interrupts were off, or the CPU itself was not running)";
        return holder;
    }

    std::string missing() const {
        if (!last_)
            return "none of its quiescent states was recorded";
        if (last_->blocked_readers)
            return "a preempted reader held it, and no forced scan found the reader in time";
        return cpu_list(last_->cpus) + " reported last, after " + duration_text(elapsed(start_, last_->at)) +
               (gp_.expedited ? ", and no sample showed what " : ", and no tick showed what ") +
               (last_->cpus.size() == 1 ? "it" : "they") + " did";
    }

    const GracePeriod& gp_;
    const OpenSections& sections_;
    Nanoseconds start_;
    Nanoseconds end_;
    const QuiescentState* last_;
};

} // namespace

const char* to_text(HolderKind kind) {
    switch (kind) {
    case HolderKind::unknown:
        return "unknown";
    case HolderKind::read_section:
        return "read-section";
    case HolderKind::preempted_reader:
        return "preempted-reader";
    case HolderKind::busy_cpu:
        return "busy-cpu";
    case HolderKind::idle_cpu:
        return "idle-cpu";
    case HolderKind::gp_kthread:
        return "gp-kthread";
    }
    return "";
}

std::vector<std::optional<Holder>> find_holders(const Timeline& timeline) {
    timeline.check_bound();
    OpenSections sections(timeline);
    const LossIndex losses(timeline.capture.lost);
    std::vector<std::optional<Holder>> holders(timeline.grace_periods.size());
    std::vector<std::size_t> by_middle;
    for (std::size_t i = 0; i < timeline.grace_periods.size(); i++)
        if (timeline.grace_periods[i].start && timeline.grace_periods[i].end)
            by_middle.push_back(i);
    std::stable_sort(by_middle.begin(), by_middle.end(), [&](std::size_t a, std::size_t b) {
        return middle_of(timeline.grace_periods[a]) < middle_of(timeline.grace_periods[b]);
    });
    for (const std::size_t i : by_middle) {
        const GracePeriod& grace_period = timeline.grace_periods[i];
        sections.go_to(middle_of(grace_period));
        Holder holder = Judge(grace_period, sections).holder();
        if (holder.kind == HolderKind::unknown && losses.overlaps(*grace_period.start, *grace_period.end))
            holder.text += " (records were lost meanwhile)";
        holders[i] = std::move(holder);
    }
    return holders;
}

} // namespace rcuscope
