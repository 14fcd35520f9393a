// SPDX-License-Identifier: BSD-2-Clause
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

// Names for code addresses, as of the time that was last passed to now(). Followed modules are known from their .ko
// files and the places where their sections were put; the recorder named the rest one by one. A module may come where
// another one was: the newest that is known of an address counts.
class Symbols {
public:
    // Absolute times, as of an Event.
    using Time = std::uint64_t;

    // `symbols`: in any order; of those with one address and one time the last counts.
    Symbols(const Metadata& metadata, const std::vector<SymbolInfo>& symbols);

    // Remembers references into the metadata: it must outlive this.
    Symbols(Metadata&&, const std::vector<SymbolInfo>&) = delete;

    // Time goes on. True if addresses may have other names from now on: what was found before is then to be forgotten.
    bool now(Time ns) {
        now_ = ns;
        return ns >= next_change_ && pass_changes();
    }

    // Any module was laid out: what other modules had there before (freed code, or
    // an init section, which goes when the module is live) is no longer there.
    void laid_out(const event::Module& module);

    // And is gone: what else comes there is not its.
    void freed(const SharedText& module);

    // A section of a followed module has got a place; a later load replaces it.
    void placed(const event::ModuleSection& section);

    SharedPlace function(std::uint64_t address) const { return find(address, address); }
    // Of a return address: the call may be the last instruction of its function, so
    // the byte before decides whose it is.
    SharedPlace caller(std::uint64_t return_address) const { return find(return_address, return_address - 1); }
    // Of return addresses, innermost first.
    std::vector<CodePlace> stack(const std::vector<std::uint64_t>& addresses) const;
    // Of a stack that was taken within an interrupt, innermost frame first: what was interrupted.
    std::vector<CodePlace> interrupted_stack(const std::vector<std::uint64_t>& stack) const;

private:
    // The functions of one section of a followed module, by offset.
    struct Section {
        const ModuleInfo* module = nullptr;
        std::vector<const ModuleFunction*> functions;
        std::string_view name;
        std::uint64_t size = 0;   // up to the end of the last function, or of the section:
        bool whole = false;       // as the .ko said
        std::uint64_t placed = 0; // address; 0: it has no place

        std::uint64_t end_of(std::size_t index) const;
        // None if the offset lies between two functions.
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
        SharedText module;
    };
    // A name that the recorder gave.
    struct Name {
        CodePlace place;
        std::optional<Time> since;
    };

    // A recent lookup: the same few addresses are asked for again and again.
    struct Known {
        std::uint64_t address = 0;
        std::uint64_t within = 0;
        SharedPlace place;
    };

    SharedPlace find(std::uint64_t address, std::uint64_t within) const {
        Known& known = known_[(within * 0x9e3779b97f4a7c15) >> 56];
        if (known.address != address || known.within != within) {
            known = {.address = address, .within = within, .place = look_up(address, within)};
        }
        return known.place;
    }
    bool pass_changes();
    void add_names(const std::vector<SymbolInfo>& symbols);
    void remove_sections(std::uint64_t begin, std::uint64_t end, const std::string* but_of);
    static CodePlace unnamed_place(const Section& section, std::uint64_t offset, bool is_function, bool in_init);
    CodePlace nameless_place(std::uint64_t address, std::uint64_t within) const;
    CodePlace look_up(std::uint64_t address, std::uint64_t within) const;
    const Name* name_of(std::uint64_t address, std::uint64_t within) const;
    Time since(const Name& name) const;
    Time laid_out_since(std::uint64_t address) const;

    std::map<std::pair<std::string_view, std::string_view>, Section> sections_; // of module, section
    std::map<std::uint64_t, Placed> placed_;                                    // by begin; none overlap
    std::map<std::uint64_t, LaidOut> laid_out_;                                 // by begin; none overlap
    std::vector<Name> names_;                                                   // by address, then time
    std::unordered_map<SharedText, Time> present_;                              // modules that are there: since when
    // Where names have no time of their own: the last time that a module came.
    bool untimed_ = false;
    std::unordered_map<SharedText, Time> came_;
    // When a name of names_ begins to hold.
    std::vector<Time> changes_;
    std::size_t next_ = 0;
    static constexpr Time never = std::numeric_limits<Time>::max();
    Time next_change_ = never;
    Time now_ = 0;
    mutable std::array<Known, 256> known_;
};

} // namespace rcuscope
