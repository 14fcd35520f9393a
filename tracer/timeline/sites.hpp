// SPDX-License-Identifier: BSD-2-Clause
//
// Follows read-side critical sections and function calls by the sites (probed instructions) of followed modules. A
// reader is a function that the user declared to be a read-side section.
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

class SiteTracker {
public:
    // `symbols` gives the locations of site addresses; `modules` is notified when an exit function is called and when
    // it returns. All three arguments must outlive this object.
    SiteTracker(const Metadata& metadata, const Symbols& symbols, ModuleTracker& modules);

    // Modules were loaded or freed: addresses may belong to other sites from now on. Assigns a new table, since both
    // clear() and an assignment of {} walk all buckets that the old table ever had.
    void moved() {
        for (ByAddress& addresses : by_address_)
            if (!addresses.empty())
                addresses = ByAddress();
    }

    void reached(const Moment& moment, const event::Site& site, TrackedTask& task);

    // The task is switched off the CPU within all sections that it has open, and is switched in again.
    void switched_out(const Moment& moment, const event::SwitchOut& out, TrackedTask& task);
    void switched_in(const Moment& moment, const TrackedTask& task);
    // The task ends or runs in user mode: its open sections were never ended, or their ends were missed.
    void left(const Moment& moment, const event::TaskLeft& left, const TrackedTask& task);

    SpillVector<ReadSection> finish_read_sections();
    SpillVector<FunctionCall> finish_function_calls();

private:
    struct Place {
        const SiteInfo* site = nullptr;
        std::size_t function = 0; // the same number for every site of one function
        bool of_exit = false;     // of the module's exit function
    };

    // The sites at a probed address, and its location. A call of a function may also be a section (a reader). Without
    // any site the address is none of ours.
    struct Reached {
        const Place* section = nullptr; // begin or end of a section
        const Place* entry = nullptr;   // of a function call
        const Place* returns = nullptr; // from the call; also set where a function returns at its entry probe
        const Place* reader = nullptr;  // entry or return of a reader
        CodeLocation code;
    };

    const Reached& find(const event::Site& site);
    void match(Reached& reached, bool is_return) const;
    // Visits the newest open sections of a task, of each kind.
    template <typename Visit>
    void each_open(const TrackedTask& task, Visit visit);
    void leave_open(const Moment& moment, std::size_t section, SectionLeft how);
    void begin_section(const Moment& moment, const CodeLocation& code, SectionBy by, TrackedTask& task);
    void reader_reached(const Moment& moment, const Reached& reached, TrackedTask& task);
    void enter(const Moment& moment, const Reached& reached, TrackedTask& task);
    void leave(const Moment& moment, const Place& place, TrackedTask& task);

    const Symbols& symbols_;
    ModuleTracker& modules_;
    // Sites of one function, either as a followed function or as a reader.
    struct Places {
        std::optional<Place> entry;
        std::optional<Place> returns;
        std::set<std::uint64_t> leaves; // offsets of its return sites
    };
    struct Function {
        std::size_t number = 0;
        std::map<std::uint64_t, Place> sections; // begins and ends of sections, by offset
        std::array<Places, 2> places;            // [is_reader]
    };
    using ByAddress = std::unordered_map<std::uint64_t, Reached, SeededHash>;
    std::map<std::pair<std::string, std::string>, Function> by_function_; // module, function
    std::array<ByAddress, 2> by_address_;                                 // [is_return]
    SpillVector<ReadSection> read_sections_;
    SpillVector<FunctionCall> function_calls_;
    SpillVector<std::size_t> called_; // Place::function of each call in function_calls_
};

} // namespace rcuscope
