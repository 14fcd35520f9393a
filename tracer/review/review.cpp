// SPDX-License-Identifier: BSD-2-Clause
#include "review/review.hpp"

#include <algorithm>
#include <array>

#include "kernel/code.hpp"
#include "kernel/ko_elf.hpp"
#include "review/control_flow.hpp"
#include "review/findings.hpp"

namespace rcuscope {

namespace {

// Deferring functions that a recording does not follow (README.md).
constexpr std::array<std::string_view, 7> not_followed{
    "call_srcu",      "call_rcu_tasks", "call_rcu_tasks_rude",        "call_rcu_tasks_trace",
    "queue_rcu_work", "tcf_queue_work", "percpu_ref_kill_and_confirm"};

std::optional<std::size_t> function_of(const Code& code, const std::optional<KoElf::SectionOffset>& place) {
    return place ? code.function_at(*place) : std::nullopt;
}

// Prefixes of names of functions in which a task sleeps until another one, such as a callback, wakes it; of functions
// that wake a task; and of functions that sleep for a time.
constexpr std::array<std::string_view, 4> sleeping{"wait_for_completion", "prepare_to_wait", "prepare_to_swait",
                                                   "wait_var_event"};
constexpr std::array<std::string_view, 5> waking{"complete", "__wake_up", "wake_up_process", "swake_up", "wake_up_var"};
constexpr std::array<std::string_view, 3> timed{"msleep", "usleep_range", "schedule_timeout_"};

template <std::size_t size>
bool starts_with_any(std::string_view text, const std::array<std::string_view, size>& beginnings) {
    return std::any_of(
        beginnings.begin(), beginnings.end(),
        [text](std::string_view beginning) { return text.starts_with(beginning); });
}

OtherWaits other_waits(const ControlFlow& ways, const std::optional<std::size_t>& exit, const ReachedWaits& way) {
    OtherWaits waits;
    for (const auto& [function, name] :
         ways.callers_of([](std::string_view called) { return starts_with_any(called, waking); }))
        waits.wakers.emplace(ways.code().functions()[function].name, name);
    if (!exit)
        return waits;
    const auto sleepers = ways.callers_of([](std::string_view called) { return starts_with_any(called, sleeping); });
    if (const auto found = sleepers.find(*exit); found != sleepers.end())
        waits.sleeps_in = found->second;
    for (const WaitSite& site : way.waits)
        if (site.in_loop && starts_with_any(site.called, timed))
            waits.polls_with = site.called;
    return waits;
}

} // namespace

Result<ModuleReading> review_module(const std::string& path, const ExporterOf& exporter) {
    const auto elf = KoElf::open(path);
    if (!elf)
        return tl::unexpected(elf.error());
    ModuleReading reading;
    reading.path = path;
    reading.name = elf->modinfo().name;
    reading.release = elf->modinfo().release;

    const Code code(*elf);
    ControlFlow ways(code, reading.release);
    const ModuleEntryPoints ends{function_of(code, elf->init_function()), function_of(code, elf->exit_function())};
    // delete_module() refuses a module that has an init function but no exit function.
    reading.unloadable = elf->modinfo().unloads && (ends.exit || !ends.init);
    const std::vector<FoundDeferral> deferrals = find_deferrals(ways, exporter);
    for (const FoundDeferral& deferral : deferrals)
        reading.deferrals.push_back(deferral.site);
    if (ends.exit)
        reading.exit = ways.waits_reached_from(*ends.exit);
    if (ends.init)
        reading.init = ways.waits_reached_from(*ends.init);
    reading.other_waits = other_waits(ways, ends.exit, reading.exit);
    for (const std::string_view name : not_followed)
        if (code.imports(name))
            reading.not_followed.emplace_back(name);
    reading.findings = find_faults(ways, deferrals, ends, reading);
    return reading;
}

} // namespace rcuscope
