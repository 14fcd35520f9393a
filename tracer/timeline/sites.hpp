// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/seeded_hash.hpp"
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
    // `symbols` name the sites' addresses; `modules` learns when an exit function
    // was called and when it returned. All must outlive this.
    SiteTracker(const Metadata& metadata, const Symbols& symbols, ModuleTracker& modules);

    // Modules have come or moved: addresses name other sites from here on. A new table, since clear(), as well as an
    // assignment of {}, goes through all places that the old one ever had.
    void moved() {
        for (ByAddress& addresses : by_address_) {
            if (!addresses.empty()) {
                addresses = ByAddress();
            }
        }
    }

    void reached(const Moment& moment, const event::Site& site, TrackedTask& task);

    // The task leaves the CPU within every section that it has open, and is back on one.
    void switched_out(const Moment& moment, const event::SwitchOut& out, TrackedTask& task);
    void switched_in(const Moment& moment, const TrackedTask& task);
    // The task ends, or is in user mode: what it has open it left open, or the ends were missed.
    void left(const Moment& moment, const event::TaskLeft& left, const TrackedTask& task);

    LongList<ReadSection> finish_read_sections();
    LongList<FunctionCall> finish_function_calls();

private:
    struct Place {
        const SiteInfo* site = nullptr;
        std::size_t function = 0; // the same number for every site of one function
        bool of_exit = false;     // of the module's exit function
    };

    // What was reached: the sites that are there, and their code. A call of a function
    // may be a section besides. No site: nothing that was probed.
    struct Reached {
        const Place* section = nullptr; // where one begins or ends
        const Place* entry = nullptr;   // of a function
        const Place* returns = nullptr; // from it, also right at its entry
        const Place* reader = nullptr;  // entry or return
        CodePlace code;
    };

    const Reached& find(const event::Site& site);
    void match(Reached& reached, bool is_return) const;
    // The sections that a task has open, of each kind the newest.
    template <typename Visit>
    void each_open(const TrackedTask& task, Visit visit);
    void leave_open(const Moment& moment, std::size_t section, SectionLeft how);
    void begin_section(const Moment& moment, const CodePlace& code, SectionBy by, TrackedTask& task);
    void reader_reached(const Moment& moment, const Reached& reached, TrackedTask& task);
    void enter(const Moment& moment, const Reached& reached, TrackedTask& task);
    void leave(const Moment& moment, const Place& place, TrackedTask& task);

    const Symbols& symbols_;
    ModuleTracker& modules_;
    // The calls of one function, or those of a reader.
    struct Places {
        std::optional<Place> entry;
        std::optional<Place> returns;
        std::set<std::uint64_t> leaves; // offsets at which it returns
    };
    struct Function {
        std::size_t number = 0;
        std::map<std::uint64_t, Place> sections; // where they begin and end, by offset
        std::array<Places, 2> places;            // [of a reader]
    };
    using ByAddress = std::unordered_map<std::uint64_t, Reached, SeededHash>;
    std::map<std::pair<std::string, std::string>, Function> by_function_; // module, function
    std::array<ByAddress, 2> by_address_;                                 // [is_return]
    LongList<ReadSection> read_sections_;
    LongList<FunctionCall> function_calls_;
    LongList<std::size_t> called_; // Place::function of each call
};

} // namespace rcuscope
