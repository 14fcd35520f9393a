// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "capture/event.hpp"
#include "capture/metadata.hpp"
#include "timeline/model.hpp"
#include "timeline/modules.hpp"
#include "timeline/moment.hpp"
#include "timeline/symbols.hpp"
#include "timeline/tasks.hpp"

namespace rcuscope {

// The probed places of followed modules: read-side critical sections and calls
// of functions.
class SiteTracker {
public:
    // `modules` learns when an exit function was called and when it returned.
    SiteTracker(const Metadata& metadata, ModuleTracker& modules);

    // Sections of modules have moved: the sites' addresses are others from here on.
    void moved(const Symbols& symbols);

    void reached(const Moment& moment, const event::Site& site, TrackedTask& task);

    std::vector<ReadSection> finish_read_sections();
    std::vector<FunctionCall> finish_function_calls();

private:
    struct Place {
        const SiteInfo* site = nullptr;
        CodePlace code;
        std::size_t function = 0; // the same number for every site of one function
        bool of_exit = false;     // of the module's exit function
    };

    void enter(const Moment& moment, const Place& place, TrackedTask& task);
    void leave(const Moment& moment, const Place& place, TrackedTask& task);

    ModuleTracker& modules_;
    std::vector<Place> places_; // by site
    std::vector<ReadSection> read_sections_;
    std::vector<FunctionCall> function_calls_;
    std::vector<std::size_t> called_; // Place::function of each call
};

} // namespace rcuscope
