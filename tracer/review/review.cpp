// SPDX-License-Identifier: BSD-2-Clause
#include "review/review.hpp"

#include <array>

#include "kernel/ko_elf.hpp"
#include "review/code.hpp"
#include "review/findings.hpp"
#include "review/ways.hpp"

namespace rcuscope {

namespace {

// What a recording does not follow (README.md).
constexpr std::array<std::string_view, 7> not_followed{
    "call_srcu",      "call_rcu_tasks", "call_rcu_tasks_rude",        "call_rcu_tasks_trace",
    "queue_rcu_work", "tcf_queue_work", "percpu_ref_kill_and_confirm"};

std::optional<std::size_t> function_of(const Code& code, const std::optional<KoElf::Place>& place) {
    return place ? code.function_at(*place) : std::nullopt;
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
    Ways ways(code, reading.release);
    const Ends ends{function_of(code, elf->init_function()), function_of(code, elf->exit_function())};
    // The kernel lets go of a module without an exit function only if it had nothing to initialise.
    reading.unloadable = elf->modinfo().unloads && (ends.exit || !ends.init);
    const std::vector<FoundDeferral> deferrals = find_deferrals(ways, exporter);
    for (const FoundDeferral& deferral : deferrals)
        reading.deferrals.push_back(deferral.site);
    if (ends.exit)
        reading.exit = ways.way_from(*ends.exit);
    if (ends.init)
        reading.init = ways.way_from(*ends.init);
    for (const std::string_view name : not_followed)
        if (code.imports(name))
            reading.not_followed.emplace_back(name);
    reading.findings = find_faults(ways, deferrals, ends, reading);
    return reading;
}

} // namespace rcuscope
