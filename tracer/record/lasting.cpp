// SPDX-License-Identifier: BSD-2-Clause
#include "record/lasting.hpp"

#include <algorithm>
#include <cstring>

#include "capture/event.hpp"
#include "wire.h"

namespace rcuscope {

namespace {

// The idle tasks share tid 0, one for each CPU.
std::uint64_t task_key(std::uint32_t tid, std::uint32_t cpu) {
    return tid != 0 ? tid : (std::uint64_t{1} << 32) + cpu;
}

std::string step_text(event::ModuleStep step) {
    return std::to_string(static_cast<int>(step));
}

} // namespace

void LastingFacts::take(std::uint32_t cpu, std::span<const std::byte> record) {
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

void LastingFacts::name_task(std::uint64_t key, Fact fact) {
    TaskName& task = tasks_[key];
    if (fact.ns < task.name.ns)
        return;
    task.used_ns = fact.ns;
    task.name = std::move(fact);
    if (tasks_.size() > 2 * tasks_kept)
        forget_tasks();
}

void LastingFacts::forget_tasks() {
    std::vector<std::uint64_t> used;
    used.reserve(tasks_.size());
    for (const auto& [key, task] : tasks_)
        used.push_back(task.used_ns);
    const auto oldest_kept = used.end() - static_cast<std::ptrdiff_t>(tasks_kept);
    std::nth_element(used.begin(), oldest_kept, used.end());
    std::erase_if(tasks_, [limit = *oldest_kept](const auto& entry) { return entry.second.used_ns < limit; });
}

void LastingFacts::module(const std::string& name, std::uint16_t kind, std::string what, Fact fact) {
    Fact& newest = modules_[name][{kind, std::move(what)}];
    if (fact.ns >= newest.ns)
        newest = std::move(fact);
}

Status LastingFacts::write(CaptureWriter& writer) const {
    // A table's order is another one in each process.
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
        // Of the life that it is in, if any. Its records came from many CPUs, and are forgotten in any order.
        const auto at = [&facts = facts](event::ModuleStep step) -> std::uint64_t {
            const auto found = facts.find({RS_MODULE, step_text(step)});
            return found == facts.end() ? 0 : found->second.ns;
        };
        const std::uint64_t began = at(event::ModuleStep::coming);
        if (at(event::ModuleStep::freed) > began)
            continue;
        for (const auto& [what, fact] : facts)
            if (fact.ns >= began)
                if (auto done = writer.record(fact.cpu, fact.record); !done)
                    return done;
    }
    return {};
}

} // namespace rcuscope
