// SPDX-License-Identifier: BSD-2-Clause
#include "record/unload_watch.hpp"

#include <algorithm>
#include <utility>

namespace rcuscope {

namespace {

std::string milliseconds(std::uint64_t ns) {
    return std::to_string(ns / 1'000'000) + "." + std::to_string(ns / 100'000 % 10) + " ms";
}

std::string callbacks(std::uint64_t count) {
    return std::to_string(count) + (count == 1 ? " of its callbacks is" : " of its callbacks are");
}

} // namespace

UnloadWatch::UnloadWatch(const std::vector<std::string>& followed, bool calls_may_hide)
    : calls_may_hide_(calls_may_hide) {
    for (const std::string& name : followed) {
        Module& module = modules_.emplace_back();
        module.name = name;
    }
}

void UnloadWatch::List::mark(std::uint64_t ns) {
    forget_marks();
    marks.push_back({queued, ns});
}

void UnloadWatch::List::forget_marks() {
    while (marks.size() > 1 && marks[1].number <= invoked)
        marks.pop_front();
}

UnloadWatch::Module* UnloadWatch::find(const std::string& name) {
    const auto found =
        std::find_if(modules_.begin(), modules_.end(), [&](const Module& module) { return module.name == name; });
    return found == modules_.end() ? nullptr : &*found;
}

void UnloadWatch::begins(std::size_t place, std::uint64_t base, std::uint64_t size) {
    Module life;
    life.name = modules_[place].name;
    life.base = base;
    life.size = size;
    life.init_failed = true; // until a record says that init succeeded
    modules_[place] = std::move(life);
}

void UnloadWatch::take(const Event& event) {
    if (const auto* module = std::get_if<event::Module>(&event.body))
        module_step(event, *module);
    else if (const auto* told = std::get_if<event::ModulePending>(&event.body))
        pending_told(*told);
    else if (std::holds_alternative<event::Lost>(event.body))
        for (Module& each : modules_)
            each.gap = true;
}

void UnloadWatch::batch_begins(std::uint32_t cpu, std::uint32_t tid, std::uint32_t list_cpu) {
    if (cpu >= batches_.size())
        batches_.resize(cpu + 1);
    batches_[cpu] = {tid, list_cpu};
    if (tid != 0 && list_cpu != cpu)
        away_[tid] = list_cpu;
    else if (!away_.empty())
        away_.erase(tid);
}

std::uint32_t UnloadWatch::moved_list(std::uint32_t cpu, std::uint32_t tid) const {
    const auto found = away_.find(tid);
    return found == away_.end() ? cpu : found->second;
}

void UnloadWatch::module_step(const Event& event, const event::Module& step) {
    Module* module = find(step.name);
    if (!module)
        return;
    if (step.step == event::ModuleStep::live || (step.step == event::ModuleStep::init_done && step.ret >= 0))
        module->init_failed = false;
    else if (step.step == event::ModuleStep::freeing)
        module->free_begin_ns = event.ns;
    else if (step.step == event::ModuleStep::freed)
        module->freed_ns = event.ns;
}

void UnloadWatch::pending_told(const event::ModulePending& told) {
    Module* module = find(told.name);
    if (!module)
        return;
    if (told.step == event::ModuleStep::freeing && told.pending) {
        module->pending_at_free = told.pending;
        module->endangered = true;
        danger_ = true;
    } else if (told.step == event::ModuleStep::freed && module->endangered) {
        module->pending_at_freed = told.pending;
    }
}

// Example: "rcu_unload is being freed while 20000 of its callbacks are queued (CPU 1: 20000; ...): ..."
std::string UnloadWatch::freeing(Module& module, std::uint64_t pending) const {
    std::uint64_t oldest = module.free_begin_ns;
    std::string where;
    for (std::size_t cpu = 0; cpu < module.lists.size(); cpu++) {
        List& list = module.lists[cpu];
        if (module.gap || !list.pending())
            continue;
        list.forget_marks();
        oldest = std::min(oldest, list.marks.front().ns);
        where += (where.empty() ? "" : ", ") + ("CPU " + std::to_string(cpu)) + ": " + std::to_string(list.pending());
    }
    if (!where.empty())
        where = " (" + where + "; the oldest since " + milliseconds(module.free_begin_ns - oldest) + ")";
    const std::string what = module.name + (module.init_failed ? " failed to load and" : "") + " is being freed while ";
    if (unsure(module))
        return what + "up to " + std::to_string(pending) +
               " of its callbacks may be queued: the kprobes missed some calls, so the number is not exact.";
    return what + callbacks(pending) + " queued" + where +
           ": the kernel crashes if one of them is still queued when the memory is freed. Its " +
           (module.init_failed ? "init function's error path" : "exit function") + " should call rcu_barrier().";
}

std::string UnloadWatch::freed(const Module& module, std::uint64_t pending) const {
    const std::string after = milliseconds(module.freed_ns - module.free_begin_ns) + " after free_module() was entered";
    if (pending == 0)
        return "all callbacks of " + module.name + " began to run before its memory was freed, " + after +
               ", but no wait ensured that.";
    const std::string what = module.name + "'s memory was freed " + after + ", and ";
    return unsure(module) ? what + "up to " + std::to_string(pending) + " of its callbacks may still have been queued."
                          : what + callbacks(pending) + " still queued: their code is freed.";
}

std::vector<std::string> UnloadWatch::say() {
    std::vector<std::string> lines;
    for (Module& module : modules_) {
        if (const auto pending = std::exchange(module.pending_at_free, std::nullopt))
            lines.push_back(freeing(module, *pending));
        if (const auto pending = std::exchange(module.pending_at_freed, std::nullopt)) {
            lines.push_back(freed(module, *pending));
            module.endangered = *pending > 0;
        }
    }
    danger_ = std::any_of(modules_.begin(), modules_.end(), [](const Module& module) { return module.endangered; });
    return lines;
}

} // namespace rcuscope
