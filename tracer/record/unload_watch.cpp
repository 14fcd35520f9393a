// SPDX-License-Identifier: BSD-2-Clause
#include "record/unload_watch.hpp"

#include <algorithm>
#include <utility>

#include "base/text.hpp"

namespace rcuscope {

namespace {

std::string milliseconds(std::uint64_t ns) {
    return std::to_string(ns / 1'000'000) + "." + std::to_string(ns / 100'000 % 10) + " ms";
}

std::string callbacks(std::uint64_t count) {
    return std::to_string(count) + (count == 1 ? " of its callbacks is" : " of its callbacks are");
}

} // namespace

UnloadWatch::UnloadWatch(const std::vector<std::string>& followed) {
    for (const std::string& name : followed) {
        Module& module = modules_.emplace_back();
        module.name = name;
    }
}

UnloadWatch::Module* UnloadWatch::find(const std::string& name) {
    const auto found =
        std::find_if(modules_.begin(), modules_.end(), [&](const Module& module) { return module.name == name; });
    return found == modules_.end() ? nullptr : &*found;
}

std::optional<std::size_t> UnloadWatch::owner(std::uint64_t function) const {
    for (std::size_t i = 0; i < modules_.size(); i++)
        if (function - modules_[i].base < modules_[i].size)
            return i;
    return std::nullopt;
}

void UnloadWatch::take(const Event& event) {
    if (const auto* queued = std::get_if<event::CbQueued>(&event.body)) {
        const auto module = owner(queued->func);
        if (!module)
            return;
        const auto early = invoked_early_.find(queued->head);
        const bool invoked = early != invoked_early_.end() && early->second >= event.ns;
        if (early != invoked_early_.end())
            invoked_early_.erase(early);
        if (!invoked)
            pending_[queued->head] = {event.ns, event.cpu, *module};
    } else if (const auto* invoked = std::get_if<event::CbInvoked>(&event.body)) {
        const auto found = pending_.find(invoked->head);
        if (found != pending_.end() && found->second.queued_ns <= event.ns)
            pending_.erase(found);
        else if (owner(invoked->func))
            invoked_early_[invoked->head] = event.ns;
    } else if (const auto* module = std::get_if<event::Module>(&event.body)) {
        module_step(event, *module);
    } else if (const auto* told = std::get_if<event::ModulePending>(&event.body)) {
        pending_told(*told);
    }
}

void UnloadWatch::module_step(const Event& event, const event::Module& step) {
    Module* module = find(step.name);
    if (!module)
        return;
    if (step.step == event::ModuleStep::coming) {
        const std::size_t place = static_cast<std::size_t>(module - modules_.data());
        std::erase_if(pending_, [&](const auto& entry) { return entry.second.module == place; });
        const std::string name = module->name;
        *module = {};
        module->name = name;
        module->base = step.base;
        module->size = step.size;
        module->init_failed = true; // until it has not
    } else if (step.step == event::ModuleStep::live || (step.step == event::ModuleStep::init_done && step.ret >= 0)) {
        module->init_failed = false;
    } else if (step.step == event::ModuleStep::freeing) {
        module->free_begin_ns = event.ns;
    } else if (step.step == event::ModuleStep::freed) {
        module->freed_ns = event.ns;
    }
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

// "rcu_unload is being freed while 20000 of its callbacks are queued (CPU 1: 20000, the oldest since 35.0 ms): ..."
std::string UnloadWatch::freeing(std::size_t place, std::uint64_t pending) const {
    const Module& module = modules_[place];
    std::map<std::uint32_t, std::uint64_t> by_cpu;
    std::uint64_t oldest = module.free_begin_ns;
    for (const auto& [head, callback] : pending_) {
        if (callback.module != place)
            continue;
        by_cpu[callback.cpu]++;
        oldest = std::min(oldest, callback.queued_ns);
    }
    std::string where;
    for (const auto& [cpu, count] : by_cpu)
        where += (where.empty() ? "" : ", ") + ("CPU " + std::to_string(cpu)) + ": " + std::to_string(count);
    if (!where.empty())
        where = " (" + where + "; the oldest since " + milliseconds(module.free_begin_ns - oldest) + ")";
    return printable(module.name) + (module.init_failed ? " failed to load and" : "") + " is being freed while " +
           callbacks(pending) + " queued" + where +
           ": the kernel dies if one of them is still queued when the memory is gone. Its " +
           (module.init_failed ? "init function's error path" : "exit function") + " should call rcu_barrier().";
}

std::vector<std::string> UnloadWatch::say() {
    std::vector<std::string> lines;
    for (std::size_t i = 0; i < modules_.size(); i++) {
        Module& module = modules_[i];
        if (const auto pending = std::exchange(module.pending_at_free, std::nullopt))
            lines.push_back(freeing(i, *pending));
        if (const auto pending = std::exchange(module.pending_at_freed, std::nullopt)) {
            const std::string after =
                milliseconds(module.freed_ns - module.free_begin_ns) + " after free_module() was entered";
            lines.push_back(*pending ? printable(module.name) + "'s memory went " + after + ", and " +
                                           callbacks(*pending) + " still queued: it is code that is gone."
                                     : "all callbacks of " + printable(module.name) +
                                           " began to run before its memory went, " + after + ": that was luck.");
            module.endangered = *pending > 0;
        }
    }
    danger_ = std::any_of(modules_.begin(), modules_.end(), [](const Module& module) { return module.endangered; });
    return lines;
}

} // namespace rcuscope
