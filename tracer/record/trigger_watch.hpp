// SPDX-License-Identifier: BSD-2-Clause
//
// Evaluates triggers during the recording. It follows open grace periods, pending callbacks and open read-side sections
// with their begin times. A trigger fires as soon as one of them exceeds its limit, before that one ends.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/seeded_hash.hpp"
#include "capture/event.hpp"
#include "capture/metadata.hpp"
#include "record/read_sites.hpp"
#include "record/stall_watch.hpp"
#include "record/trigger.hpp"

namespace rcuscope {

struct Firing {
    std::size_t trigger = 0; // index in the list of triggers
    FiredOn on = FiredOn::nothing;
    std::uint64_t id = 0;       // gp_seq, callback head or tid
    std::uint64_t began_ns = 0; // begin of the grace period, callback or section
    std::uint64_t fired_ns = 0;
    std::optional<std::uint64_t> end_ns; // empty: it goes on
    std::string said;                    // the line of the kernel or the tracer, or how many callbacks are pending
};

class TriggerWatch {
public:
    // Late callbacks, readers and counts form one burst, which fires once, until there are none for this time.
    static constexpr std::uint64_t quiet_ns = 1'000'000'000;

    // `metadata`: of the recording; its read-side sections are followed.
    TriggerWatch(std::vector<Trigger> triggers, const Metadata& metadata);

    // Events may come in any order. look() sorts them by time.
    void take(const Event& event);
    // A line of the kernel or of the tracer fires the triggers of this kind.
    void say(TriggerKind kind, const std::string& line, std::uint64_t now_ns);
    // A warning of the kernel about a grace period, which may have ended when the warning is read.
    void stalled(const Stall& stall, std::uint64_t now_ns);
    // Call it once all events up to `now_ns` were taken. `pending`: callbacks that are queued and not invoked.
    // `lost_by_ns`: the latest time at which records can have been lost; 0: none were.
    void look(std::uint64_t now_ns, std::uint64_t pending, std::uint64_t lost_by_ns = 0);

    // Everything that fired and was not forgotten, oldest first; its end is set once it is seen.
    const std::vector<Firing>& fired() const { return fired_; }
    void forget(std::size_t first) {
        fired_.erase(fired_.begin(), fired_.begin() + static_cast<std::ptrdiff_t>(first));
    }
    // Whether everything that fired has ended.
    bool over() const;

    const Trigger& trigger(const Firing& firing) const { return triggers_[firing.trigger]; }
    // A text such as "grace period 1204 took 412 ms", with the duration up to `now_ns` if it goes on.
    std::string text(const Firing& firing, std::uint64_t now_ns) const;

private:
    enum class What : std::uint8_t { gp_start, gp_seen, gp_end, queued, invoked, lock, unlock, lost };
    struct Step {
        std::uint64_t ns = 0;
        std::uint64_t id = 0;
        What what = What::lost;
        bool expedited = false;
    };
    struct OpenGp {
        std::uint64_t gp_seq = 0;
        std::uint64_t began_ns = 0;
        bool surely = true;          // false: it may have ended among lost records
        std::set<std::size_t> fired; // indices of triggers that fired on it
    };
    using GpKey = std::pair<bool, std::uint64_t>; // expedited, counter

    void keep(const Event& event, What what, std::uint64_t id, bool expedited = false);
    void apply(const Step& step);
    void gp_ended(const Step& step);
    void invoked(const Step& step);
    void locked(const Step& step);
    void unlocked(const Step& step);
    void lost();
    void look_for_losses(std::uint64_t now_ns, std::uint64_t lost_by_ns);
    void forget_ended_unseen();

    void look_at_grace_periods(std::uint64_t now_ns);
    void look_at_callbacks(std::uint64_t now_ns);
    void look_at_sections(std::uint64_t now_ns);
    void look_at_pending(std::uint64_t now_ns, std::uint64_t pending);

    template <typename Act>
    void each(TriggerKind kind, Act act);
    void fire_gp(std::size_t trigger, bool expedited, OpenGp& of, Firing firing);
    void fire_once_a_burst(Firing firing);
    void ended(FiredOn on, std::uint64_t id, std::uint64_t began_ns, std::uint64_t end_ns);
    bool wanted(TriggerKind kind) const;

    std::vector<Trigger> triggers_;
    std::vector<std::optional<std::uint64_t>> last_late_; // by trigger: time of the latest match of its burst
    ReadSites sites_;
    // Steps wait while a program is still writing an earlier record. If there are more than this, all of them are
    // dropped as if lost.
    static constexpr std::size_t max_steps = 1u << 20;
    std::vector<Step> steps_; // taken, not yet applied: the order is complete only once every CPU's events were taken
    std::uint64_t looked_until_ns_ = 0;
    std::map<GpKey, OpenGp> grace_periods_;
    // Ended grace periods, the newest last, for warnings about them that are read later.
    static constexpr std::size_t max_ended = 64;
    std::deque<std::pair<OpenGp, std::uint64_t>> ended_periods_;          // normal ones, with their end times
    std::unordered_map<std::uint64_t, std::uint64_t, SeededHash> queued_; // time of queueing by head
    std::uint64_t oldest_queued_ns_ = 0;                                  // lower bound of the times in queued_
    // Unlocks may be missed without a loss record. So each task keeps its newest sections only, and all tasks are
    // dropped as if records were lost when there are too many.
    static constexpr std::size_t max_nested = 16;
    static constexpr std::size_t max_readers = 1u << 16;
    std::map<std::uint64_t, std::vector<std::uint64_t>> sections_; // begin times by tid
    std::vector<Firing> fired_;
};

} // namespace rcuscope
