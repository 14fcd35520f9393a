// SPDX-License-Identifier: BSD-2-Clause
//
// Which modules the search for hazards covers, and which hooks are missing from a recording.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "timeline/model.hpp"

namespace rcuscope {

// The modules whose use of RCU is judged: modules that were followed, and modules that were loaded or unloaded in the
// recording. The kernel proper is not judged.
class WatchedModules {
public:
    explicit WatchedModules(const Timeline& timeline) {
        for (const std::string& name : timeline.capture.followed)
            add(name);
        for (const ModuleLife& life : timeline.modules)
            add(life.name);
    }

    bool contains(const Callback& callback) const { return contains(callback.function->module); }
    bool contains(PooledString module) const { return module.id() < watched_.size() && watched_[module.id()]; }

private:
    void add(PooledString name) {
        if (!name.empty()) {
            watched_.resize(std::max<std::size_t>(watched_.size(), name.id() + 1));
            watched_[name.id()] = true;
        }
    }

    std::vector<bool> watched_; // by PooledString::id() of the module's name
};

// True if the recording lacks this hook. Then a missing event proves nothing.
inline bool is_missing(const CaptureSummary& capture, std::string_view hook) {
    return std::any_of(
        capture.missing.begin(), capture.missing.end(), [hook](const MissingInfo& info) { return info.hook == hook; });
}

} // namespace rcuscope
