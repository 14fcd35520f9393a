// SPDX-License-Identifier: BSD-2-Clause
#include "timeline/modules.hpp"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <utility>

namespace rcuscope {

namespace {

// delete_module() returns -EWOULDBLOCK only for a module that is loaded and in use. -EBUSY means that it is being
// loaded or unloaded, or that it has no exit function.
bool says_it_is_loaded(std::int32_t error) {
    return error == -EWOULDBLOCK;
}

} // namespace

ModuleTracker::ModuleTracker(const Metadata& metadata)
    : followed_(metadata.followed.begin(), metadata.followed.end()) {}

ModuleLife& ModuleTracker::life_before(const std::string& name, const MaybeTime ModuleLife::*reached) {
    const auto newest = newest_.find(name);
    if (newest != newest_.end()) {
        ModuleLife& life = lives_[newest->second];
        if (!(life.*reached) && !life.freed)
            return life;
    }
    newest_[name] = lives_.size();
    ModuleLife& life = lives_.emplace_back();
    life.name = name;
    life.followed = followed_.contains(name);
    return life;
}

void ModuleTracker::step(const Moment& moment, const event::Module& module) {
    const Nanoseconds at = moment.at;
    switch (module.step) {
    case event::ModuleStep::coming:
        coming(at, module);
        break;
    case event::ModuleStep::init_done:
        init_done(at, module);
        if (module.ret < 0)
            lives_[newest_[module.name]].going_tid = moment.tid;
        break;
    case event::ModuleStep::live:
        if (!init_known(module.name))
            life_before(module.name, &ModuleLife::init_done).init_done = at;
        break;
    case event::ModuleStep::failed:
        init_failed(at, module);
        break;
    case event::ModuleStep::unloading:
        unloading_[module.name].push_back(at);
        exiting_[moment.tid] = module.name;
        break;
    case event::ModuleStep::refused:
        exit_over(moment.tid, module.name);
        refused(at, module);
        break;
    case event::ModuleStep::exited:
        exited(at, moment.tid, module.name);
        break;
    case event::ModuleStep::freeing: {
        exited(std::nullopt, moment.tid, module.name);
        ModuleLife& life = life_before(module.name, &ModuleLife::free_begin);
        life.free_begin = at;
        life.going_tid = moment.tid;
        break;
    }
    // Only for the present life, which will be freed; never begins a new one.
    case event::ModuleStep::unprobing:
    case event::ModuleStep::unprobed:
        if (const auto newest = newest_.find(module.name); newest != newest_.end() && !lives_[newest->second].freed) {
            MaybeTime& moment_of = module.step == event::ModuleStep::unprobing ? lives_[newest->second].unprobing
                                                                               : lives_[newest->second].unprobed;
            moment_of = moment_of.value_or(at);
        }
        break;
    case event::ModuleStep::freed:
        freed_life(module).freed = at;
        break;
    case event::ModuleStep::init_freed:
        // If the life has ended, its init code was freed with the rest.
        if (const auto newest = newest_.find(module.name);
            newest != newest_.end() && !lives_[newest->second].freed && !lives_[newest->second].init_freed)
            lives_[newest->second].init_freed = at;
        break;
    }
}

void ModuleTracker::coming(Nanoseconds at, const event::Module& module) {
    // free_module() allows a new module of the same name before it returns, so the old life may still get its `freed`
    // time. Without a free_begin, the end of the old life was missed.
    leaving_.erase(module.name);
    const auto newest = newest_.find(module.name);
    if (newest != newest_.end() && lives_[newest->second].free_begin && !lives_[newest->second].freed)
        leaving_[module.name] = newest->second;
    newest_.erase(module.name);
    unloading_.erase(module.name);
    ModuleLife& life = life_before(module.name, &ModuleLife::loaded);
    life.loaded = at;
    bases_[module.name] = module.base;
    // A delete_module() during the load was refused for this life.
    if (const auto early = early_refusals_.find(module.name); early != early_refusals_.end()) {
        life.refusals = std::move(early->second);
        early_refusals_.erase(early);
    }
}

// The life that `freed` belongs to. It is the leaving one if the newest life has another base address: the newest is
// then still being loaded.
ModuleLife& ModuleTracker::freed_life(const event::Module& module) {
    const auto leaving = leaving_.find(module.name);
    const auto base = bases_.find(module.name);
    if (leaving == leaving_.end() || base == bases_.end() || base->second == module.base)
        return life_before(module.name, &ModuleLife::freed);
    ModuleLife& life = lives_[leaving->second];
    leaving_.erase(leaving);
    return life;
}

void ModuleTracker::exit_over(std::uint32_t tid, const std::string& module) {
    if (const auto task = exiting_.find(tid); task != exiting_.end() && task->second == module)
        exiting_.erase(task);
}

// Never begins a new life: delete_module() may sleep once more after the module is freed.
void ModuleTracker::woken(const Moment& moment, const event::ModuleWoken& woken) {
    const auto newest = newest_.find(woken.name);
    if (newest != newest_.end() && !lives_[newest->second].freed)
        lives_[newest->second].exit_wakeups.push_back({.at = moment.at, .head = woken.head});
}

void ModuleTracker::init_done(Nanoseconds at, const event::Module& module) {
    ModuleLife& life = life_before(module.name, &ModuleLife::init_done);
    life.init_done = at;
    if (module.ret < 0)
        life.init_error = module.ret;
}

// Whether the return of the init function was seen; the return of do_init_module() then adds nothing.
bool ModuleTracker::init_known(const std::string& module) const {
    const auto newest = newest_.find(module);
    return newest != newest_.end() && lives_[newest->second].loaded && lives_[newest->second].init_done;
}

// The kernel frees the module before do_init_module() returns, so the life may already be freed here.
void ModuleTracker::init_failed(Nanoseconds at, const event::Module& module) {
    if (init_known(module.name))
        return;
    const auto newest = newest_.find(module.name);
    const bool known = newest != newest_.end() && lives_[newest->second].loaded;
    ModuleLife& life = known ? lives_[newest->second] : life_before(module.name, &ModuleLife::init_done);
    life.init_done = at;
    life.init_error = module.ret;
}

// The kernel notifies this for an unload that was not refused, and for a failed init; only an unload has an entry in
// unloading_. Times from a probe in the exit function have priority.
void ModuleTracker::exited(MaybeTime at, std::uint32_t tid, const std::string& module) {
    exit_over(tid, module);
    const auto asked = unloading_.find(module);
    if (asked == unloading_.end() || asked->second.empty())
        return;
    const auto newest = newest_.find(module);
    const bool seen = newest != newest_.end() && lives_[newest->second].exit;
    ModuleLife& life = seen ? lives_[newest->second] : life_before(module, &ModuleLife::exit);
    if (!life.exit)
        life.exit = asked->second.back();
    if (!life.exit_done)
        life.exit_done = at;
    life.going_tid = tid;
    unloading_.erase(asked);
}

void ModuleTracker::exit_called(Nanoseconds at, const std::string& module) {
    life_before(module, &ModuleLife::exit).exit = at;
}

// Never begins a new life, unlike the other steps: ignores a return whose call was not seen.
void ModuleTracker::exit_returned(Nanoseconds at, const std::string& module) {
    const auto newest = newest_.find(module);
    if (newest != newest_.end() && lives_[newest->second].exit && !lives_[newest->second].exit_done)
        lives_[newest->second].exit_done = at;
}

// The newest of several delete_module() calls is the refused one: a call that succeeds holds off later ones.
void ModuleTracker::refused(Nanoseconds at, const event::Module& module) {
    if (const auto asked = unloading_.find(module.name); asked != unloading_.end() && !asked->second.empty())
        asked->second.pop_back();
    const auto newest = newest_.find(module.name);
    const bool present = newest != newest_.end() && !lives_[newest->second].freed;
    if (present || says_it_is_loaded(module.ret))
        present_life(module.name).refusals.push_back({.at = at, .error = module.ret});
    else if (module.ret == -EBUSY)
        early_refusals_[module.name].push_back({.at = at, .error = module.ret});
}

// The event comes after the Module event of its step, so at `freed` the newest life has already ended.
void ModuleTracker::pending(const event::ModulePending& counted) {
    const auto newest = newest_.find(counted.name);
    const bool over = counted.step == event::ModuleStep::freed && newest != newest_.end();
    ModuleLife& life = over ? lives_[newest->second] : present_life(counted.name);
    if (counted.step == event::ModuleStep::init_done) {
        life.pending_at_exit = counted.pending;
    } else if (counted.step == event::ModuleStep::exited) {
        // A failed init sends this step too, after init_done, whose count is kept.
        life.pending_at_exit = life.pending_at_exit.value_or(counted.pending);
    } else if (counted.step == event::ModuleStep::freeing) {
        life.pending_at_free = counted.pending;
    } else if (counted.step == event::ModuleStep::freed) {
        life.pending_at_freed = counted.pending;
    }
}

void ModuleTracker::reference(const Moment& moment, const event::ModuleRef& reference, CodeLocation caller,
                              const std::string& comm) {
    present_life(reference.name)
        .references.push_back({.at = moment.at,
                               .taken = reference.taken,
                               .count = reference.count,
                               .cpu = moment.cpu,
                               .tid = moment.tid,
                               .comm = comm,
                               .caller = caller});
}

// Lives are in order of time, since the first event of each creates it. A refusal before any life creates none: the
// module may have been loaded for long, or may never have reached its init function.
std::vector<ModuleLife> ModuleTracker::finish() {
    return std::move(lives_);
}

} // namespace rcuscope
