// SPDX-License-Identifier: BSD-2-Clause
//
// Follows the lives of modules. A life is the time of a module from load to free; a module that is loaded twice has
// two. Any record of a life may be missing, since the recording may begin or end within it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/seeded_hash.hpp"
#include "capture/event.hpp"
#include "capture/metadata.hpp"
#include "timeline/model.hpp"
#include "timeline/moment.hpp"

namespace rcuscope {

class ModuleTracker {
public:
    explicit ModuleTracker(const Metadata& metadata);

    void step(const Moment& moment, const event::Module& module);
    void exit_called(Nanoseconds at, const std::string& module);
    void exit_returned(Nanoseconds at, const std::string& module);
    void pending(const event::ModulePending& counted);
    void reference(const Moment& moment, const event::ModuleRef& reference, CodeLocation caller,
                   const std::string& comm);

    void woken(const Moment& moment, const event::ModuleWoken& woken);

    // Whether any task unloads a module, and which module a task unloads (nullptr: none): from the entry of
    // delete_module() until the exit function has returned or the kernel has refused.
    bool any_exits() const { return !exiting_.empty(); }
    const std::string* exiting(std::uint32_t tid) const {
        const auto found = exiting_.find(tid);
        return found == exiting_.end() ? nullptr : &found->second;
    }

    std::vector<ModuleLife> finish();

private:
    void coming(Nanoseconds at, const event::Module& module);
    ModuleLife& freed_life(const event::Module& module);
    void init_done(Nanoseconds at, const event::Module& module);
    void init_failed(Nanoseconds at, const event::Module& module);
    bool init_known(const std::string& module) const;
    void refused(Nanoseconds at, const event::Module& module);
    void exited(MaybeTime at, std::uint32_t tid, const std::string& module);
    void exit_over(std::uint32_t tid, const std::string& module);

    // The newest life of the module if it is not freed and has no `reached` time yet. Otherwise a new life, whose
    // earlier steps were not seen.
    ModuleLife& life_before(const std::string& name, const MaybeTime ModuleLife::*reached);
    ModuleLife& present_life(const std::string& name) { return life_before(name, &ModuleLife::freed); }

    std::unordered_set<std::string, SeededHash> followed_;
    std::vector<ModuleLife> lives_;
    std::unordered_map<std::string, std::size_t, SeededHash> newest_;
    // Times of delete_module() calls whose outcome is not known yet; several tasks may call it at once.
    std::unordered_map<std::string, std::vector<Nanoseconds>, SeededHash> unloading_;
    std::unordered_map<std::string, std::vector<ModuleLife::Refusal>, SeededHash>
        early_refusals_;                                               // before the first step of a life
    std::unordered_map<std::string, std::uint64_t, SeededHash> bases_; // address of the newest loaded life
    std::unordered_map<std::string, std::size_t, SeededHash>
        leaving_; // a life that is being freed while the next one is loaded
    std::unordered_map<std::uint32_t, std::string, SeededHash> exiting_; // module, by tid
};

} // namespace rcuscope
