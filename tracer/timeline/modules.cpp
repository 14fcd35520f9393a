// SPDX-License-Identifier: BSD-2-Clause
#include "timeline/modules.hpp"

#include <utility>

namespace rcuscope {

ModuleTracker::ModuleTracker(const Metadata& metadata)
    : followed_(metadata.followed.begin(), metadata.followed.end()) {}

ModuleLife& ModuleTracker::life_before(const std::string& name, const MaybeTime ModuleLife::*reached) {
    const auto newest = newest_.find(name);
    if (newest != newest_.end()) {
        ModuleLife& life = lives_[newest->second];
        if (!(life.*reached) && !life.freed) {
            return life;
        }
    }
    newest_[name] = lives_.size();
    ModuleLife& life = lives_.emplace_back();
    life.name = name;
    life.followed = followed_.contains(name);
    return life;
}

void ModuleTracker::step(Nanoseconds at, const event::Module& module) {
    switch (module.step) {
    case event::ModuleStep::coming:
        // Where something of the same life is known already, it is a life whose end was missed.
        newest_.erase(module.name);
        life_before(module.name, &ModuleLife::loaded).loaded = at;
        break;
    case event::ModuleStep::live:
        life_before(module.name, &ModuleLife::init_done).init_done = at;
        break;
    case event::ModuleStep::failed:
        init_failed(at, module);
        break;
    case event::ModuleStep::unloading:
        unloading_[module.name] = at;
        break;
    case event::ModuleStep::refused:
        break;
    case event::ModuleStep::exited:
        exited(at, module.name);
        break;
    case event::ModuleStep::freeing:
        exited(std::nullopt, module.name);
        life_before(module.name, &ModuleLife::free_begin).free_begin = at;
        break;
    case event::ModuleStep::freed:
        life_before(module.name, &ModuleLife::freed).freed = at;
        break;
    }
}

// The kernel frees the module before do_init_module() returns: the life is over by then.
void ModuleTracker::init_failed(Nanoseconds at, const event::Module& module) {
    const auto newest = newest_.find(module.name);
    const bool known = newest != newest_.end() && lives_[newest->second].loaded && !lives_[newest->second].init_done;
    ModuleLife& life = known ? lives_[newest->second] : life_before(module.name, &ModuleLife::init_done);
    life.init_done = at;
    life.init_error = module.ret;
}

// Somebody asked to unload it, and was not refused. A failed init is notified
// the same way, but nobody asked. What a probe in the exit function saw is better.
void ModuleTracker::exited(MaybeTime at, const std::string& module) {
    const auto asked = unloading_.find(module);
    if (asked == unloading_.end()) {
        return;
    }
    const auto newest = newest_.find(module);
    const bool seen = newest != newest_.end() && lives_[newest->second].exit;
    ModuleLife& life = seen ? lives_[newest->second] : life_before(module, &ModuleLife::exit);
    if (!life.exit) {
        life.exit = asked->second;
    }
    if (!life.exit_done) {
        life.exit_done = at;
    }
    unloading_.erase(asked);
}

void ModuleTracker::exit_called(Nanoseconds at, const std::string& module) {
    life_before(module, &ModuleLife::exit).exit = at;
}

// Unlike the others no reason to believe in a new life: a return whose call was not seen says little.
void ModuleTracker::exit_returned(Nanoseconds at, const std::string& module) {
    const auto newest = newest_.find(module);
    if (newest != newest_.end() && lives_[newest->second].exit && !lives_[newest->second].exit_done) {
        lives_[newest->second].exit_done = at;
    }
}

std::vector<ModuleLife> ModuleTracker::finish() {
    return std::move(lives_); // made by the first event of each: already by time
}

} // namespace rcuscope
