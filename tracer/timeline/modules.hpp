// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <cstddef>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "capture/event.hpp"
#include "capture/metadata.hpp"
#include "timeline/model.hpp"
#include "timeline/moment.hpp"

namespace rcuscope {

class ModuleTracker {
public:
    explicit ModuleTracker(const Metadata& metadata);

    void step(Nanoseconds at, const event::Module& module);
    void exit_called(Nanoseconds at, const std::string& module);
    void exit_returned(Nanoseconds at, const std::string& module);
    void pending(const event::ModulePending& counted);
    void reference(const Moment& moment, const event::ModuleRef& reference, CodePlace caller, const std::string& comm);

    std::vector<ModuleLife> finish();

private:
    void init_done(Nanoseconds at, const event::Module& module);
    void init_failed(Nanoseconds at, const event::Module& module);
    bool init_known(const std::string& module) const;
    void refused(Nanoseconds at, const event::Module& module);
    void exited(MaybeTime at, const std::string& module);

    // The newest life of the module in which `reached` is not yet set, else a new
    // one: what came before was not seen.
    ModuleLife& life_before(const std::string& name, const MaybeTime ModuleLife::*reached);
    ModuleLife& present_life(const std::string& name) { return life_before(name, &ModuleLife::freed); }

    std::unordered_set<std::string> followed_;
    std::vector<ModuleLife> lives_;
    std::unordered_map<std::string, std::size_t> newest_;
    // When it was asked for, not yet known whether granted; several may ask at once.
    std::unordered_map<std::string, std::vector<Nanoseconds>> unloading_;
};

} // namespace rcuscope
