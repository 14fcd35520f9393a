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
    case event::ModuleStep::failed: {
        ModuleLife& life = life_before(module.name, &ModuleLife::init_done);
        life.init_done = at;
        life.init_error = module.ret;
        break;
    }
    case event::ModuleStep::freeing:
        life_before(module.name, &ModuleLife::free_begin).free_begin = at;
        break;
    case event::ModuleStep::freed:
        life_before(module.name, &ModuleLife::freed).freed = at;
        break;
    }
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
