// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <algorithm>
#include <string_view>
#include <unordered_set>

#include "timeline/model.hpp"

namespace rcuscope {

// The modules whose use of RCU is judged: those that were followed, and those
// that came or went in the recording. Not the kernel proper.
class WatchedModules {
public:
    explicit WatchedModules(const Timeline& timeline)
        : names_(timeline.capture.followed.begin(), timeline.capture.followed.end()) {
        for (const ModuleLife& life : timeline.modules) {
            names_.insert(life.name);
        }
        names_.erase(SharedText());
    }

    bool contains(const Callback& callback) const { return names_.contains(callback.function.module); }

private:
    std::unordered_set<SharedText> names_;
};

// Where a hook could not be had, that something was not seen says nothing.
inline bool is_missing(const CaptureSummary& capture, std::string_view hook) {
    return std::any_of(capture.missing.begin(), capture.missing.end(),
                       [hook](const MissingInfo& info) { return info.hook == hook; });
}

} // namespace rcuscope
