// SPDX-License-Identifier: BSD-2-Clause
//
// Follows, while the recording goes on, what triggers wait for: grace periods,
// callbacks and read-side sections that are open, and since when. Something
// fires as soon as it is too long, not only when it is over.
#pragma once

#include <cstddef>
#include <cstdint>
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
#include "record/trigger.hpp"

namespace rcuscope {

struct Firing {
    std::size_t trigger = 0; // its place in the list of triggers
    FiredOn on = FiredOn::nothing;
    std::uint64_t id = 0;       // the gp_seq, the head or the tid
    std::uint64_t began_ns = 0; // of what it fired on
    std::uint64_t fired_ns = 0;
    std::optional<std::uint64_t> end_ns; // none: it goes on
    std::string said;                    // what the kernel or the tracer itself said, or how many are pending
};

class TriggerWatch {
public:
    // Callbacks, readers and counts that come again before so much time without
    // any has passed are one burst, and fire once.
    static constexpr std::uint64_t quiet_ns = 1'000'000'000;

    // `metadata`: of the recording; whose read-side sections are followed.
    TriggerWatch(std::vector<Trigger> triggers, const Metadata& metadata);

    // In any order: they are put into that of their times.
    void take(const Event& event);
    // The kernel, or the tracer itself, said something that a trigger of this kind waits for.
    void say(TriggerKind kind, const std::string& line, std::uint64_t now_ns);
    // All events up to this time were taken. `pending`: callbacks that are queued and not invoked. `lost_by_ns`:
    // records were lost, at this time at the latest; 0: none were.
    void look(std::uint64_t now_ns, std::uint64_t pending, std::uint64_t lost_by_ns = 0);

    // What has fired and is not forgotten, the first one first, with its end as soon as that was seen.
    const std::vector<Firing>& fired() const { return fired_; }
    void forget(std::size_t first) {
        fired_.erase(fired_.begin(), fired_.begin() + static_cast<std::ptrdiff_t>(first));
    }
    // Everything that fired has ended.
    bool over() const;

    const Trigger& trigger(const Firing& firing) const { return triggers_[firing.trigger]; }
    // "grace period 1204 took 412 ms", as far as that is known at a time.
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
        bool surely = true;          // it has not ended unseen
        std::set<std::size_t> fired; // triggers
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
    void fire_gp(std::size_t trigger, const GpKey& key, OpenGp& open, Firing firing);
    void fire_once_a_burst(Firing firing);
    void ended(FiredOn on, std::uint64_t id, std::uint64_t began_ns, std::uint64_t end_ns);
    bool wanted(TriggerKind kind) const;

    std::vector<Trigger> triggers_;
    std::vector<std::optional<std::uint64_t>> last_late_; // of each trigger: of its burst
    ReadSites sites_;
    // While a record is not whole nothing is applied. What is more than so many is given up, as if it were lost.
    static constexpr std::size_t most_steps = 1u << 20;
    std::vector<Step> steps_; // taken, not yet applied: in their order only when every CPU's are there
    std::uint64_t looked_until_ns_ = 0;
    std::map<GpKey, OpenGp> grace_periods_;
    std::unordered_map<std::uint64_t, std::uint64_t, SeededHash> queued_; // by head: when
    std::uint64_t oldest_queued_ns_ = 0;                                  // none of queued_ is older
    // Unlocks may be missed without a record that says so. Of a task the newest sections are kept; if there are too
    // many tasks, all are given up, as if records were lost.
    static constexpr std::size_t most_nested = 16;
    static constexpr std::size_t most_readers = 1u << 16;
    std::map<std::uint64_t, std::vector<std::uint64_t>> sections_; // by tid: when they began
    std::vector<Firing> fired_;
};

} // namespace rcuscope
