// SPDX-License-Identifier: BSD-2-Clause
//
// Passes each event to the trackers of its subject, and puts their results together at the end.
#include "timeline/builder.hpp"

#include <algorithm>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "timeline/caches.hpp"
#include "timeline/callbacks.hpp"
#include "timeline/exit_jumps.hpp"
#include "timeline/grace_periods.hpp"
#include "timeline/losses.hpp"
#include "timeline/modules.hpp"
#include "timeline/moment.hpp"
#include "timeline/sites.hpp"
#include "timeline/stacks.hpp"
#include "timeline/summary.hpp"
#include "timeline/symbols.hpp"
#include "timeline/tasks.hpp"
#include "timeline/waits.hpp"

namespace rcuscope {

struct TimelineBuilder::Impl {
    Impl(const Metadata& from, const std::vector<SymbolInfo>& names)
        : metadata(from), symbols(metadata, names), callbacks(losses, grace_periods) {}

    void take(const Event& event);
    Timeline finish(const std::optional<Trailer>& trailer, const std::string& cut_reason);

    Nanoseconds time(std::uint64_t ns) const { return relative_time(ns, metadata.start_ns); }

    // Addresses may have other names from now on.
    void renamed() {
        sites.moved();
        stacks.moved();
    }

    // The caller of the kernel function `target`.
    CalledFrom called_from(std::uint64_t caller, std::string_view target) {
        const PooledLocation place = symbols.caller(caller);
        const auto stack = stacks.take(now, caller);
        if (modules.any_exits() && ExitJumps::may_hide_behind(place)) {
            if (const std::string* module = modules.exiting(now.tid))
                return {PooledLocation(exit_jumps.place_of(*module, target, place)), stack};
        }
        return {place, stack};
    }

    // One overload for each kind of event.
    void on(const event::Lost& body) {
        if (losses.lost(now.cpu, body))
            callbacks.lost(now.cpu);
    }
    void on(const event::Task& body) { tasks.describe(now, body); }
    void on(const event::Stack& body) { stacks.seen(now, body); }
    void on(const event::KvfreeRcu& body) {
        CalledFrom from = called_from(body.caller, "kvfree_call_rcu");
        kvfree_calls.push_back({.at = now.at,
                                .cpu = now.cpu,
                                .tid = now.tid,
                                .comm = task->comm,
                                .caller = from.caller,
                                .object = body.object,
                                .headless = body.headless,
                                .stack = from.stack,
                                .in = body.in});
    }
    void on(const event::GpStart& body) {
        grace_periods.started(now.at, body.since_ns ? std::optional(time(body.since_ns)) : std::nullopt, body);
    }
    void on(const event::GpEnd& body) { grace_periods.ended(now.at, body); }
    void on(const event::GpRequested& body) { grace_periods.requested(now.at, body); }
    void on(const event::GpQuiescent& body) { grace_periods.quiescent(now.at, body); }
    void on(const event::GpScan& body) { grace_periods.scanned(now.at, body); }
    void on(const event::GpBlocked& body) { grace_periods.blocked(now.at, body); }
    void on(const event::GpSample& body) {
        grace_periods.busy(body.expedited, body.gp_seq,
                           {.at = now.at,
                            .cpu = now.cpu,
                            .tid = now.tid,
                            .comm = task->comm,
                            .stack = symbols.interrupted_stack(body.stack),
                            .no_tick = Nanoseconds{body.no_tick_us} * 1000});
    }
    void on(const event::GpCleaned& body) { grace_periods.cleaned(now.at, body); }
    void on(const event::CbQueued& body) {
        CalledFrom from = called_from(body.caller, "call_rcu");
        if (body.jumped)
            from.caller = PooledLocation();
        callbacks.queued(now, body, symbols.function(body.func), from, task->comm);
    }
    void on(const event::CbAssigned& body) {
        callbacks.assigned(now, body, body.bypass_ns ? std::optional(time(body.bypass_ns)) : std::nullopt);
    }
    void on(const event::CbInvoked& body) {
        if (body.done != 0)
            callbacks.done(now, body.done);
        const auto list_cpu = batches.invoked(now, *task);
        callbacks.invoked(now, body, task->context, list_cpu);
    }
    void on(const event::CbDone& body) { callbacks.done(now, body.head); }
    void on(const event::BatchBegin& body) { batches.begin(now, body, *task); }
    void on(const event::BatchEnd& body) { batches.end(now, body, *task); }
    void on(const event::WaitBegin& body) {
        waits.begin(now, body, called_from(body.caller, to_text(body.kind)), *task);
    }
    void on(const event::WaitEnd& body) { waits.end(now, body, *task); }
    void on(const event::Site& body) { sites.reached(now, body, *task); }
    void on(const event::Module& body) {
        modules.step(now, body);
        if (body.step == event::ModuleStep::coming) {
            symbols.laid_out(body);
            renamed();
        } else if (body.step == event::ModuleStep::freed) {
            callbacks.module_freed(body.name.str(), now.at);
            symbols.freed(PooledString(body.name.str()));
            renamed();
        }
    }
    void on(const event::ModulePending& body) { modules.pending(body); }
    void on(const event::ModuleRef& body) { modules.reference(now, body, symbols.caller(body.caller), task->comm); }
    void on(const event::ModuleWoken& body) { modules.woken(now, body); }
    void on(const event::SwitchOut& body) { sites.switched_out(now, body, *task); }
    void on(const event::SwitchIn&) { sites.switched_in(now, *task); }
    void on(const event::TaskLeft& body) {
        sites.left(now, body, *task);
        if (body.kind == event::LeftKind::exit)
            TaskTable::ended(*task);
    }
    void on(const event::CacheSlab& body) { caches.slab(body); }
    void on(const event::CacheLeft& body) {
        caches.left(now, body, called_from(body.what->caller, "kmem_cache_destroy").caller, task->comm);
    }
    void on(const event::CachePending& body) {
        caches.pending(now, body, called_from(body.what->caller, "kmem_cache_destroy").caller, task->comm);
    }
    void on(const event::ModuleSection& body) {
        symbols.placed(body);
        renamed();
    }

    const Metadata metadata;
    Symbols symbols;
    StackTable stacks{symbols};
    LossTracker losses{metadata.start_ns};
    TaskTable tasks;
    GracePeriodTracker grace_periods;
    CallbackTracker callbacks;
    SpillVector<KvfreeCall> kvfree_calls;
    CacheTracker caches;
    WaitTracker waits;
    BatchTracker batches;
    ModuleTracker modules{metadata};
    ExitJumps exit_jumps{metadata};
    SiteTracker sites{metadata, symbols, modules};

    Moment now;                                                       // of the current event
    TrackedTask* task = nullptr;                                      // of the current event
    Nanoseconds last_event = std::numeric_limits<Nanoseconds>::min(); // initially: no event
};

void TimelineBuilder::Impl::take(const Event& event) {
    now = {.at = time(event.ns), .cpu = event.cpu, .tid = event.tid};
    last_event = std::max(last_event, now.at);
    if (symbols.now(event.ns))
        renamed();
    task = &tasks.current(now, losses);
    std::visit([this](const auto& body) { on(body); }, event.body);
}

Timeline TimelineBuilder::Impl::finish(const std::optional<Trailer>& trailer, const std::string& cut_reason) {
    Timeline timeline;
    timeline.host = metadata.host;
    const bool any = last_event != std::numeric_limits<Nanoseconds>::min();
    timeline.capture = summarize_capture(metadata, trailer, cut_reason, any ? last_event : 0, losses.finish(trailer));
    timeline.tasks = tasks.finish();
    timeline.modules = modules.finish();
    for (const ModuleInfo& module : metadata.modules) {
        if (module.wakers) {
            timeline.exit_ways.try_emplace(module.name,
                                           ExitWays{.exit_waits_in = module.exit_waits_in.value_or(std::string()),
                                                    .exit_polls_with = module.exit_polls_with.value_or(std::string()),
                                                    .wakers = *module.wakers});
        }
    }
    // Before the callbacks, which refer to grace periods by id.
    if (timeline.capture.sequences_at_start)
        grace_periods.opened(*timeline.capture.sequences_at_start);
    if (timeline.capture.sequences_at_end)
        grace_periods.closed(*timeline.capture.sequences_at_end, timeline.capture.end);
    timeline.grace_periods = grace_periods.finish();
    callbacks.finish(timeline);
    timeline.read_sections = sites.finish_read_sections();
    timeline.batches = batches.finish();
    sort_by_time(kvfree_calls, [](const KvfreeCall& call) { return call.at; });
    timeline.kvfree_calls = std::move(kvfree_calls);
    timeline.waits = waits.finish();
    timeline.stacks = stacks.finish();
    timeline.caches_left = caches.finish_left();
    timeline.caches_pending = caches.finish_pending();
    timeline.function_calls = sites.finish_function_calls();
    return timeline;
}

TimelineBuilder::TimelineBuilder(const Metadata& metadata, const std::vector<SymbolInfo>& symbols)
    : impl_(std::make_unique<Impl>(metadata, symbols)) {}
TimelineBuilder::TimelineBuilder(TimelineBuilder&&) noexcept = default;
TimelineBuilder& TimelineBuilder::operator=(TimelineBuilder&&) noexcept = default;
TimelineBuilder::~TimelineBuilder() = default;

void TimelineBuilder::take(const Event& event) {
    impl_->take(event);
}

Timeline TimelineBuilder::finish(const std::optional<Trailer>& trailer, const std::string& cut_reason) && {
    return impl_->finish(trailer, cut_reason);
}

} // namespace rcuscope
