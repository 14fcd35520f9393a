// SPDX-License-Identifier: BSD-2-Clause
#include "record/probe_setup.hpp"

#include <chrono>
#include <string>
#include <thread>
#include <unistd.h>
#include <utility>

#include "base/text_out.hpp"
#include "probes/fitted_session.hpp"
#include "probes/hooks.hpp"
#include "probes/instruction_slots.hpp"
#include "probes/load_refusals.hpp"
#include "probes/summary_hooks.hpp"
#include "record/end_signals.hpp"
#include "record/rcu_tasks_idle.hpp"
#include "record/summary_counts.hpp"

namespace rcuscope {

namespace {

using namespace std::chrono_literals;

// How often wait_for_rcu_tasks_idle() tries. Each try takes two ordinary grace periods, which can take seconds.
constexpr int max_idle_tries = 100;

Status check_module(const ModuleFile& module, const std::string& kernel) {
    if (module.release != kernel)
        return fail(ExitCode::bad_input, "cannot follow " + module.path,
                    "it was built for kernel " + module.release + ", and the running kernel is " + kernel,
                    "build it against the headers of the running kernel");
    if (::access(("/sys/module/" + module.name).c_str(), F_OK) == 0)
        return fail(ExitCode::bad_input, "cannot follow " + module.name, "it is loaded already",
                    "unload it first (rmmod " + module.name + "): a module is followed from its first instruction");
    return {};
}

} // namespace

Status ProbeSetup::look(const RecordRequest& request) {
    kernel_ = look_at_this_kernel();
    if (!kernel_.problems.empty())
        return tl::unexpected(kernel_.problems.front());
    for (const ModuleFile& module : request.modules)
        if (auto fine = check_module(module, kernel_.host.kernel); !fine)
            return fine;
    return {};
}

Status ProbeSetup::place(const RecordRequest& request, StatusLine& status) {
    if (!request.modules.empty())
        for (const std::string& left : remove_stale_probes(KprobeEvents(kernel_.tracefs)))
            StandardError() << "rcuscope: warning: " << left << "\n";
    status.show("placing probes");
    for (auto step : {&ProbeSetup::load, &ProbeSetup::place_sites_of, &ProbeSetup::reserve, &ProbeSetup::attach}) {
        if (EndSignals::came())
            return {};
        if (auto done = (this->*step)(request); !done)
            return done;
    }
    status.show("waiting until the grace periods that the probes caused have ended");
    const auto pass = [] {
        pass_grace_periods();
        return !EndSignals::came();
    };
    auto idle = wait_for_rcu_tasks_idle([this] { return session_->sequences(); }, pass, max_idle_tries);
    if (!idle)
        return tl::unexpected(idle.error());
    idle_ = *idle;
    return {};
}

Status ProbeSetup::place_sites_of(const RecordRequest& request) {
    std::vector<SiteInfo> wanted;
    for (const ModuleFile& module : request.modules) {
        const bool calls = plan_.takes("module.functions");
        auto sites = sites_of(module, {.readers = plan_.takes("module.readers"),
                                       .functions = calls ? request.functions : std::vector<std::string>(),
                                       .reader_functions = calls ? readers_of(request.reader_functions, module.name)
                                                                 : std::vector<std::string>()});
        wanted.insert(wanted.end(), sites.begin(), sites.end());
        if (plan_.takes("module.jumps")) {
            const auto jumps = jumps_of(module);
            wanted.insert(wanted.end(), jumps.begin(), jumps.end());
        }
    }
    if (wanted.empty())
        return {};
    auto guard = ProbeGuard::start(KprobeEvents(kernel_.tracefs));
    if (!guard)
        return tl::unexpected(guard.error());
    guard_.emplace(std::move(*guard));
    log_ = KernelLog::open();
    auto placed = place_sites(kernel_.tracefs, guard_->group(), wanted);
    if (!placed)
        return tl::unexpected(placed.error());
    sites_ = std::move(*placed);
    return {};
}

Status ProbeSetup::load(const RecordRequest& request) {
    SessionConfig config;
    for (const ModuleFile& module : request.modules)
        config.followed.push_back(module.name);
    config.all_callbacks = request.all_callbacks;
    config.ring_bytes = request.ring_bytes;
    config.stacks = request.stacks;
    if (mode_ == RecordMode::summary)
        config.summary =
            SummarySizes::for_cpus(kernel_.host.cpus, request.ring_bytes / sizeof(rs_pending), request.all_callbacks);
    PlanRequest wanted;
    wanted.via = request.via;
    wanted.follow_modules = !request.modules.empty();
    wanted.follow_functions =
        wanted.follow_modules && (!request.functions.empty() || !request.reader_functions.empty());
    const bool summary = mode_ == RecordMode::summary;
    auto fitted = load_fitting(summary ? summary_hook_table() : hook_table(), kernel_, wanted, config);
    if (!fitted)
        return tl::unexpected(fitted.error());
    plan_ = std::move(fitted->plan);
    session_.emplace(std::move(fitted->session));
    return summary ? check_summary_plan(plan_) : Status();
}

Status ProbeSetup::reserve(const RecordRequest&) {
    auto before = session_->sequences();
    if (!before)
        return tl::unexpected(before.error());
    before_ = *before;
    const std::size_t slots = sites_ ? slots_to_reserve(*sites_) : 0;
    return slots > 0 ? reserve_slots(kernel_.tracefs, guard_->group(), slots) : Status();
}

Status ProbeSetup::attach(const RecordRequest&) {
    if (auto attached = session_->attach(plan_); !attached)
        return attached;
    return sites_ ? session_->attach_sites(*sites_) : Status();
}

std::uint64_t ProbeSetup::missed_sites(SiteEvent event) const {
    return guard_ ? count_sites(kernel_.tracefs, guard_->group(), event).missed : 0;
}

std::vector<ProbeHits> ProbeSetup::hits() const {
    std::vector<ProbeHits> all;
    for (const PlannedHook& planned : plan_.hooks) {
        if (!planned.taken)
            continue;
        ProbeHits hits{std::string(planned.hook->name), std::string(to_text(planned.taken->way)),
                       session_->hits(planned.hook->counter), session_->missed(*planned.taken)};
        if (planned.taken->way == Way::tracefs_kprobe) {
            const bool functions = planned.hook->scope == HookScope::function_sites;
            hits.missed = missed_sites(functions                              ? SiteEvent::returns
                                       : planned.hook->name == "module.jumps" ? SiteEvent::jumps
                                                                              : SiteEvent::sites) +
                          (functions ? session_->calls_skipped() : 0);
            // Entries of functions count as SiteEvent::sites. The hook module.readers reports these misses if it is in
            // the plan.
            if (functions)
                hits.missed += missed_sites(SiteEvent::leaves) +
                               (plan_.takes("module.readers") ? 0 : missed_sites(SiteEvent::sites));
        }
        all.push_back(std::move(hits));
    }
    return all;
}

std::vector<MissingInfo> ProbeSetup::refused_at_load() const {
    if (!log_)
        return {};
    LoadRefusals refusals(guard_->group());
    const bool all = *log_ && (*log_)->read([&](std::string_view message) { refusals.take(message); });
    std::vector<MissingInfo> missing = refusals.missing();
    if (!all)
        missing.push_back({"kernel log", "refusals of the kernel to place probes in modules that were loaded: " +
                                             (*log_ ? "its log was overwritten before it was read"
                                                    : log_->error().what + ": " + log_->error().why)});
    return missing;
}

// A grace period is in cleanup for microseconds, but its kthread may wait for a CPU there.
Result<SequencesAt> ProbeSetup::sequences() const {
    constexpr int limit = 100;
    auto read = session_->sequences();
    for (int i = 0; read && !read->exact && i < limit; i++) {
        std::this_thread::sleep_for(1ms);
        read = session_->sequences();
    }
    return read;
}

Status ProbeSetup::remove_sites() {
    return guard_ ? guard_->finish() : Status();
}

} // namespace rcuscope
