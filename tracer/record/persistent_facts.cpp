// SPDX-License-Identifier: BSD-2-Clause
#include "record/persistent_facts.hpp"

#include <algorithm>
#include <cstring>

#include "capture/event.hpp"
#include "wire.h"

namespace rcuscope {

namespace {

// Each CPU has an idle task, and all of these have tid 0.
std::uint64_t task_key(std::uint32_t tid, std::uint32_t cpu) {
    return tid != 0 ? tid : (std::uint64_t{1} << 32) + cpu;
}

std::string step_text(event::ModuleStep step) {
    return std::to_string(static_cast<int>(step));
}

// Returns 0 if there was no such step.
template <typename Facts>
std::uint64_t time_of(const Facts& facts, event::ModuleStep step) {
    const auto found = facts.find({RS_MODULE, step_text(step)});
    return found == facts.end() ? 0 : found->second.ns;
}

template <typename Facts>
bool is_over(const Facts& facts) {
    return time_of(facts, event::ModuleStep::freed) > time_of(facts, event::ModuleStep::coming);
}

// Only a request and its refusal are known. The name may belong to no module.
template <typename Facts>
bool was_only_asked_for(const Facts& facts) {
    return std::all_of(
        facts.begin(), facts.end(),
        [](const auto& entry) {
            return entry.first.first == RS_MODULE && (entry.first.second == step_text(event::ModuleStep::unloading) ||
                                                      entry.first.second == step_text(event::ModuleStep::refused));
        });
}

} // namespace

void PersistentFacts::take(std::uint32_t cpu, std::span<const std::byte> record) {
    const auto event = decode_record(record, cpu);
    if (!event)
        return;
    Fact fact{event->ns, cpu, {record.begin(), record.end()}};
    const std::uint64_t key = task_key(event->tid, cpu);
    if (std::holds_alternative<event::Task>(event->body)) {
        name_task(key, std::move(fact));
        return;
    }
    if (const auto task = tasks_.find(key); task != tasks_.end())
        task->second.used_ns = std::max(task->second.used_ns, event->ns);
    if (std::holds_alternative<event::Lost>(event->body))
        lost_[cpu] = std::move(fact);
    else if (const auto* step = std::get_if<event::Module>(&event->body))
        module(step->name, RS_MODULE, step_text(step->step), std::move(fact));
    else if (const auto* pending = std::get_if<event::ModulePending>(&event->body))
        module(pending->name, RS_MODULE_PENDING, step_text(pending->step), std::move(fact));
    else if (const auto* section = std::get_if<event::ModuleSection>(&event->body))
        module(section->module, RS_MODULE_SECTION, section->section, std::move(fact));
}

void PersistentFacts::name_task(std::uint64_t key, Fact fact) {
    TaskName& task = tasks_[key];
    if (fact.ns < task.name.ns)
        return;
    task.used_ns = fact.ns;
    task.name = std::move(fact);
    if (tasks_.size() > 2 * tasks_kept)
        forget_tasks();
}

void PersistentFacts::forget_tasks() {
    std::vector<std::uint64_t> used;
    used.reserve(tasks_.size());
    for (const auto& [key, task] : tasks_)
        used.push_back(task.used_ns);
    const auto oldest_kept = used.end() - static_cast<std::ptrdiff_t>(tasks_kept);
    std::nth_element(used.begin(), oldest_kept, used.end());
    std::erase_if(tasks_, [limit = *oldest_kept](const auto& entry) { return entry.second.used_ns < limit; });
}

void PersistentFacts::module(const std::string& name, std::uint16_t kind, std::string what, Fact fact) {
    ModuleFacts& facts = modules_[name];
    const auto [found, added] = facts.try_emplace({kind, std::move(what)});
    module_facts_ += added;
    if (fact.ns >= found->second.ns)
        found->second = std::move(fact);
    if (added && modules_.size() > 2 * modules_kept)
        forget_modules();
}

// Modules that are loaded are dropped last.
void PersistentFacts::forget_modules() {
    using Rank = std::pair<bool, std::uint64_t>;
    const auto rank = [](const ModuleFacts& facts) {
        std::uint64_t newest = 0;
        for (const auto& [what, fact] : facts)
            newest = std::max(newest, fact.ns);
        return Rank(!is_over(facts) && !was_only_asked_for(facts), newest);
    };
    std::vector<Rank> ranks;
    ranks.reserve(modules_.size());
    for (const auto& [name, facts] : modules_)
        ranks.push_back(rank(facts));
    const auto least_kept = ranks.end() - static_cast<std::ptrdiff_t>(modules_kept);
    std::nth_element(ranks.begin(), least_kept, ranks.end());
    std::erase_if(modules_, [&, limit = *least_kept](const auto& entry) {
        const bool forgotten = rank(entry.second) < limit;
        module_facts_ -= forgotten ? entry.second.size() : 0;
        return forgotten;
    });
}

Status PersistentFacts::write(CaptureWriter& writer) const {
    // Sorted, because the order of a hash table differs from process to process.
    std::vector<std::pair<std::uint64_t, const TaskName*>> tasks;
    tasks.reserve(tasks_.size());
    for (const auto& [key, task] : tasks_)
        tasks.emplace_back(key, &task);
    std::sort(tasks.begin(), tasks.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    for (const auto& [key, task] : tasks)
        if (auto done = writer.record(task->name.cpu, task->name.record); !done)
            return done;
    for (const auto& [cpu, lost] : lost_)
        if (auto done = writer.record(cpu, lost.record); !done)
            return done;
    for (const auto& [name, facts] : modules_) {
        // Writes only the records of the current life, if the module has one. Records come from many CPUs and are
        // dropped in any order, so their times decide.
        if (is_over(facts))
            continue;
        const std::uint64_t began = time_of(facts, event::ModuleStep::coming);
        for (const auto& [what, fact] : facts)
            if (fact.ns >= began)
                if (auto done = writer.record(fact.cpu, fact.record); !done)
                    return done;
    }
    return {};
}

} // namespace rcuscope
