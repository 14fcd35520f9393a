// SPDX-License-Identifier: BSD-2-Clause
#include "record/trigger_watch.hpp"

#include <algorithm>

#include "base/duration.hpp"
#include "capture/gp_seq.hpp"

namespace rcuscope {

namespace {

bool longer(std::uint64_t from, std::uint64_t to, std::uint64_t limit) {
    return to > from && to - from > limit;
}

} // namespace

TriggerWatch::TriggerWatch(std::vector<Trigger> triggers, const Metadata& metadata)
    : triggers_(std::move(triggers)), last_late_(triggers_.size()), sites_(metadata) {}

bool TriggerWatch::wanted(TriggerKind kind) const {
    return std::any_of(
        triggers_.begin(), triggers_.end(), [&](const Trigger& each) { return each.kind == kind; });
}

template <typename Act>
void TriggerWatch::each(TriggerKind kind, Act act) {
    for (std::size_t i = 0; i < triggers_.size(); i++)
        if (triggers_[i].kind == kind)
            act(i, triggers_[i].limit);
}

void TriggerWatch::keep(const Event& event, What what, std::uint64_t id, bool expedited) {
    steps_.push_back({event.ns, id, what, expedited});
}

void TriggerWatch::take(const Event& event) {
    const EventBody& body = event.body;
    if (const auto* start = std::get_if<event::GpStart>(&body)) {
        keep(event, What::gp_start, start->gp_seq, start->expedited);
    } else if (const auto* end = std::get_if<event::GpEnd>(&body)) {
        keep(event, What::gp_end, end->gp_seq, end->expedited);
    } else if (const auto* scan = std::get_if<event::GpScan>(&body)) {
        keep(event, What::gp_seen, scan->gp_seq);
    } else if (const auto* queued = std::get_if<event::CbQueued>(&body)) {
        if (wanted(TriggerKind::callback) && !queued->end_unseen)
            keep(event, What::queued, queued->head);
    } else if (const auto* invoked = std::get_if<event::CbInvoked>(&body)) {
        if (wanted(TriggerKind::callback))
            keep(event, What::invoked, invoked->head);
    } else if (const auto* site = std::get_if<event::Site>(&body)) {
        if (const auto enters = sites_.enters(*site); enters && wanted(TriggerKind::reader))
            keep(event, *enters ? What::lock : What::unlock, event.tid);
    } else if (std::holds_alternative<event::Lost>(body)) {
        keep(event, What::lost, 0);
    } else if (const auto* module = std::get_if<event::Module>(&body)) {
        if (module->step == event::ModuleStep::coming)
            sites_.laid_out(*module);
    } else if (const auto* section = std::get_if<event::ModuleSection>(&body)) {
        sites_.placed(*section);
    }
}

void TriggerWatch::apply(const Step& step) {
    switch (step.what) {
    case What::gp_start:
        grace_periods_.try_emplace({step.expedited, step.id >> rcu_seq_ctr_shift}, OpenGp{step.id, step.ns, true, {}});
        break;
    case What::gp_seen:
        if (const auto open = grace_periods_.find({false, step.id >> rcu_seq_ctr_shift}); open != grace_periods_.end())
            open->second.surely = true;
        break;
    case What::gp_end:
        gp_ended(step);
        break;
    case What::queued:
        if (queued_.empty())
            oldest_queued_ns_ = step.ns;
        queued_[step.id] = step.ns;
        break;
    case What::invoked:
        invoked(step);
        break;
    case What::lock:
        locked(step);
        break;
    case What::unlock:
        unlocked(step);
        break;
    case What::lost:
        lost();
        break;
    }
}

void TriggerWatch::gp_ended(const Step& step) {
    const auto found = grace_periods_.find({step.expedited, step.id >> rcu_seq_ctr_shift});
    if (found == grace_periods_.end())
        return;
    OpenGp& open = found->second;
    each(TriggerKind::grace_period, [&](std::size_t trigger, std::uint64_t limit) {
        if (longer(open.began_ns, step.ns, limit))
            fire_gp(trigger, step.expedited, open, {.fired_ns = step.ns, .end_ns = std::nullopt, .said = {}});
    });
    ended(step.expedited ? FiredOn::expedited_grace_period : FiredOn::grace_period, open.gp_seq, open.began_ns,
          step.ns);
    if (!step.expedited && wanted(TriggerKind::stall)) {
        ended_periods_.emplace_back(std::move(open), step.ns);
        if (ended_periods_.size() > max_ended)
            ended_periods_.pop_front();
    }
    grace_periods_.erase(found);
}

void TriggerWatch::invoked(const Step& step) {
    const auto found = queued_.find(step.id);
    if (found == queued_.end())
        return;
    const std::uint64_t queued_ns = found->second;
    queued_.erase(found);
    each(TriggerKind::callback, [&](std::size_t trigger, std::uint64_t limit) {
        if (longer(queued_ns, step.ns, limit))
            fire_once_a_burst({trigger, FiredOn::callback, step.id, queued_ns, step.ns, std::nullopt, {}});
    });
    ended(FiredOn::callback, step.id, queued_ns, step.ns);
}

void TriggerWatch::locked(const Step& step) {
    if (sections_.size() >= max_readers && !sections_.contains(step.id))
        sections_.clear();
    std::vector<std::uint64_t>& open = sections_[step.id];
    if (open.size() >= max_nested)
        open.erase(open.begin());
    open.push_back(step.ns);
}

void TriggerWatch::unlocked(const Step& step) {
    const auto found = sections_.find(step.id);
    if (found == sections_.end())
        return;
    const std::uint64_t began_ns = found->second.back();
    found->second.pop_back();
    if (found->second.empty())
        sections_.erase(found);
    each(TriggerKind::reader, [&](std::size_t trigger, std::uint64_t limit) {
        if (longer(began_ns, step.ns, limit))
            fire_once_a_burst({trigger, FiredOn::read_section, step.id, began_ns, step.ns, std::nullopt, {}});
    });
    ended(FiredOn::read_section, step.id, began_ns, step.ns);
}

// Forgets everything that may have ended among the lost records. A grace period that is seen again has not ended.
void TriggerWatch::lost() {
    queued_.clear();
    sections_.clear();
    for (auto& [key, open] : grace_periods_)
        open.surely = false;
}

// RCU runs one grace period of a kind at a time. An open one that is older than the newest has ended unseen.
void TriggerWatch::forget_ended_unseen() {
    for (const bool expedited : {false, true}) {
        std::optional<std::uint64_t> newest;
        for (const auto& [key, open] : grace_periods_)
            if (key.first == expedited && (!newest || seq_later(open.gp_seq, *newest)))
                newest = open.gp_seq;
        std::erase_if(grace_periods_, [&](const auto& entry) {
            return entry.first.first == expedited && seq_later(*newest, entry.second.gp_seq);
        });
    }
}

// A loss is noticed before its exact time is known, and the end of something whose start is still in steps_ may be
// among the lost records. So a loss applies to every look() until one has gone past its time.
void TriggerWatch::look_for_losses(std::uint64_t now_ns, std::uint64_t lost_by_ns) {
    const bool given_up = steps_.size() > max_steps;
    if (given_up)
        steps_.clear();
    if (given_up || (lost_by_ns != 0 && looked_until_ns_ <= lost_by_ns))
        lost();
    looked_until_ns_ = now_ns;
}

void TriggerWatch::look(std::uint64_t now_ns, std::uint64_t pending, std::uint64_t lost_by_ns) {
    std::stable_sort(
        steps_.begin(), steps_.end(), [](const Step& a, const Step& b) { return a.ns < b.ns; });
    const auto not_yet = std::upper_bound(
        steps_.begin(), steps_.end(), now_ns, [](std::uint64_t now, const Step& step) { return now < step.ns; });
    std::for_each(steps_.begin(), not_yet, [this](const Step& step) { apply(step); });
    steps_.erase(steps_.begin(), not_yet);
    look_for_losses(now_ns, lost_by_ns);
    forget_ended_unseen();
    look_at_grace_periods(now_ns);
    look_at_callbacks(now_ns);
    look_at_sections(now_ns);
    look_at_pending(now_ns, pending);
}

void TriggerWatch::look_at_grace_periods(std::uint64_t now_ns) {
    each(
        TriggerKind::grace_period,
        [&](std::size_t trigger, std::uint64_t limit) {
            for (auto& [key, open] : grace_periods_)
                if (open.surely && longer(open.began_ns, now_ns, limit))
                    fire_gp(trigger, key.first, open, {.fired_ns = now_ns, .end_ns = std::nullopt, .said = {}});
        });
}

void TriggerWatch::look_at_callbacks(std::uint64_t now_ns) {
    std::optional<std::uint64_t> least;
    each(TriggerKind::callback,
         [&](std::size_t, std::uint64_t limit) { least = std::min(limit, least.value_or(limit)); });
    // There may be many callbacks, so they are searched only if one can be too old.
    if (!least || queued_.empty() || !longer(oldest_queued_ns_, now_ns, *least))
        return;
    const auto oldest = std::min_element(queued_.begin(), queued_.end(),
                                         [](const auto& a, const auto& b) { return a.second < b.second; });
    oldest_queued_ns_ = oldest->second;
    each(TriggerKind::callback, [&](std::size_t trigger, std::uint64_t limit) {
        if (longer(oldest->second, now_ns, limit))
            fire_once_a_burst({trigger, FiredOn::callback, oldest->first, oldest->second, now_ns, std::nullopt, {}});
    });
}

void TriggerWatch::look_at_sections(std::uint64_t now_ns) {
    each(
        TriggerKind::reader,
        [&](std::size_t trigger, std::uint64_t limit) {
            for (const auto& [tid, open] : sections_)
                for (const std::uint64_t began_ns : open)
                    if (longer(began_ns, now_ns, limit))
                        fire_once_a_burst({trigger, FiredOn::read_section, tid, began_ns, now_ns, std::nullopt, {}});
        });
}

void TriggerWatch::look_at_pending(std::uint64_t now_ns, std::uint64_t pending) {
    each(
        TriggerKind::pending,
        [&](std::size_t trigger, std::uint64_t limit) {
            if (pending > limit) {
                fire_once_a_burst({trigger, FiredOn::nothing, pending, now_ns, now_ns, std::nullopt,
                                   std::to_string(pending) + " callbacks are queued and have not run"});
                return;
            }
            for (Firing& firing : fired_)
                if (firing.trigger == trigger && !firing.end_ns)
                    firing.end_ns = now_ns;
        });
}

void TriggerWatch::say(TriggerKind kind, const std::string& line, std::uint64_t now_ns) {
    each(
        kind,
        [&](std::size_t trigger, std::uint64_t) {
            fired_.push_back({trigger, FiredOn::nothing, 0, now_ns, now_ns, now_ns, line});
        });
}

void TriggerWatch::stalled(const Stall& stall, std::uint64_t now_ns) {
    each(
        TriggerKind::stall,
        [&](std::size_t trigger, std::uint64_t) {
            const auto is_it = [&](const OpenGp& open) {
                return !stall.gp_seq || open.gp_seq >> rcu_seq_ctr_shift == *stall.gp_seq >> rcu_seq_ctr_shift;
            };
            Firing firing{trigger, FiredOn::nothing, 0, now_ns, now_ns, std::nullopt, stall.line};
            for (auto& [key, open] : grace_periods_)
                if (!key.first && is_it(open))
                    return fire_gp(trigger, key.first, open, std::move(firing));
            firing.end_ns = now_ns;
            // A warning without a number is about the grace period that runs, or about an unknown one.
            for (auto& [ended, end_ns] : ended_periods_)
                if (stall.gp_seq && is_it(ended)) {
                    firing.end_ns = end_ns;
                    return fire_gp(trigger, false, ended, std::move(firing));
                }
            fire_once_a_burst(std::move(firing));
        });
}

// Fires once for each pair of grace period and trigger.
void TriggerWatch::fire_gp(std::size_t trigger, bool expedited, OpenGp& of, Firing firing) {
    if (!of.fired.insert(trigger).second)
        return;
    firing.trigger = trigger;
    firing.on = expedited ? FiredOn::expedited_grace_period : FiredOn::grace_period;
    firing.id = of.gp_seq;
    firing.began_ns = of.began_ns;
    fired_.push_back(std::move(firing));
}

void TriggerWatch::fire_once_a_burst(Firing firing) {
    const auto before = std::exchange(last_late_[firing.trigger], firing.fired_ns);
    if (!before || longer(*before, firing.fired_ns, quiet_ns))
        fired_.push_back(std::move(firing));
}

void TriggerWatch::ended(FiredOn on, std::uint64_t id, std::uint64_t began_ns, std::uint64_t end_ns) {
    for (Firing& firing : fired_)
        if (firing.on == on && firing.id == id && firing.began_ns == began_ns && !firing.end_ns)
            firing.end_ns = end_ns;
}

bool TriggerWatch::over() const {
    return std::all_of(
        fired_.begin(), fired_.end(), [](const Firing& firing) { return firing.end_ns.has_value(); });
}

std::string TriggerWatch::text(const Firing& firing, std::uint64_t now_ns) const {
    if (!firing.said.empty())
        return firing.said;
    const std::string took = duration_text(static_cast<std::int64_t>(firing.end_ns.value_or(now_ns) - firing.began_ns));
    const std::string number = std::to_string(static_cast<std::int64_t>(firing.id));
    switch (firing.on) {
    case FiredOn::grace_period:
        return "grace period " + number + (firing.end_ns ? " took " + took : " has not ended after " + took);
    case FiredOn::expedited_grace_period:
        return "expedited grace period " + number + (firing.end_ns ? " took " + took : " has not ended after " + took);
    case FiredOn::callback:
        return firing.end_ns ? "a callback ran " + took + " after it was queued"
                             : "a callback has not run " + took + " after it was queued";
    case FiredOn::read_section:
        return "a read-side section of task " + number +
               (firing.end_ns ? " took " + took : " has not ended after " + took);
    case FiredOn::nothing:
        break;
    }
    return {};
}

} // namespace rcuscope
