// SPDX-License-Identifier: BSD-2-Clause
//
// Gives names to code addresses, as of the time last passed to now(). The names of followed modules come from their .ko
// files and the addresses of their sections; the recorder named all other addresses one by one. A module may be loaded
// where another one was, so the newest name of an address counts.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "capture/event.hpp"
#include "capture/metadata.hpp"
#include "capture/writer.hpp"
#include "timeline/model.hpp"

namespace rcuscope {

class Symbols {
public:
    // CLOCK_BOOTTIME in nanoseconds, as in Event.
    using Time = std::uint64_t;

    // `symbols`: in any order. The last one counts if several have the same address and time.
    Symbols(const Metadata& metadata, const std::vector<SymbolInfo>& symbols);

    // Symbols keeps references into the metadata, which must outlive it.
    Symbols(Metadata&&, const std::vector<SymbolInfo>&) = delete;

    // Advances the time. True if addresses may have other names from now on; callers then drop cached results.
    bool now(Time ns) {
        now_ = ns;
        return ns >= next_change_ && pass_changes();
    }

    // A module (followed or not) got its memory. Anything that other modules had there is gone: freed code, or an init
    // section, which is freed when its module is live.
    void laid_out(const event::Module& module);

    // A module was freed: unnamed addresses in its memory are no longer attributed to it.
    void freed(const PooledString& module);

    // A section of a followed module got its address; a later load replaces it.
    void placed(const event::ModuleSection& section);

    PooledLocation function(std::uint64_t address) const { return find(address, address); }
    // For a return address. The call may be the last instruction of its function, so the byte before the address
    // decides the function.
    PooledLocation caller(std::uint64_t return_address) const { return find(return_address, return_address - 1); }
    // For return addresses, innermost first.
    std::vector<CodeLocation> stack(const std::vector<std::uint64_t>& addresses) const;
    // For a stack taken in an interrupt, innermost frame first: the frames of the interrupted code.
    std::vector<CodeLocation> interrupted_stack(const std::vector<std::uint64_t>& stack) const;

private:
    // The functions of one section of a followed module, by offset.
    struct Section {
        const ModuleInfo* module = nullptr;
        std::vector<const ModuleFunction*> functions;
        std::string_view name;
        std::uint64_t size = 0;   // bytes; without `whole` up to the end of the last function
        bool whole = false;       // the .ko told the section's size
        std::uint64_t placed = 0; // address; 0: none

        std::uint64_t end_of(std::size_t index) const;
        // nullptr if the offset lies in no function.
        const ModuleFunction* function_at(std::uint64_t offset) const;
    };
    struct Placed {
        std::uint64_t end = 0;
        Section* section = nullptr;
        Time since = 0;
    };
    struct LaidOut {
        std::uint64_t end = 0;
        Time since = 0;
        std::uint64_t base = 0;
        PooledString module;
    };
    // A name from the recorder.
    struct Name {
        CodeLocation place;
        std::optional<Time> since;
    };

    // Cache entry: lookups repeat the same few addresses.
    struct Known {
        std::uint64_t address = 0;
        std::uint64_t within = 0;
        PooledLocation place;
    };

    PooledLocation find(std::uint64_t address, std::uint64_t within) const {
        Known& known = known_[(within * 0x9e3779b97f4a7c15) >> 56];
        if (known.address != address || known.within != within)
            known = {.address = address, .within = within, .place = look_up(address, within)};
        return known.place;
    }
    bool pass_changes();
    void add_names(const std::vector<SymbolInfo>& symbols);
    void remove_sections(std::uint64_t begin, std::uint64_t end, const std::string* but_of);
    static CodeLocation unnamed_place(const Section& section, std::uint64_t offset, bool is_function, bool in_init);
    CodeLocation nameless_place(std::uint64_t address, std::uint64_t within) const;
    CodeLocation look_up(std::uint64_t address, std::uint64_t within) const;
    const Name* name_of(std::uint64_t address, std::uint64_t within) const;
    Time since(const Name& name) const;
    Time laid_out_since(std::uint64_t address) const;

    std::map<std::pair<std::string_view, std::string_view>, Section> sections_; // by module and section name
    std::map<std::uint64_t, Placed> placed_;                                    // by begin, without overlap
    std::map<std::uint64_t, LaidOut> laid_out_;                                 // by begin, without overlap
    std::vector<Name> names_;                                                   // by address, then time
    std::unordered_map<PooledString, Time> present_;                            // loaded modules, and since when
    // Only if some names have no time of their own: the time of each module's last load.
    bool untimed_ = false;
    std::unordered_map<PooledString, Time> came_;
    // Sorted times at which a name of names_ becomes valid.
    std::vector<Time> changes_;
    std::size_t next_ = 0;
    static constexpr Time never = std::numeric_limits<Time>::max();
    Time next_change_ = never;
    Time now_ = 0;
    mutable std::array<Known, 256> known_;
};

} // namespace rcuscope
