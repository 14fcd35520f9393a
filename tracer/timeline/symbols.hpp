// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/seeded_hash.hpp"
#include "capture/event.hpp"
#include "capture/metadata.hpp"
#include "capture/writer.hpp"
#include "timeline/model.hpp"

namespace rcuscope {

// Names for code addresses. Followed modules are known from their .ko files and
// the places where their sections were put; the recorder named the rest one by one.
class Symbols {
public:
    Symbols(const Metadata& metadata, const std::vector<SymbolInfo>& symbols);

    // Remembers references into the metadata: it must outlive this.
    Symbols(Metadata&&, const std::vector<SymbolInfo>&) = delete;

    // Any module was laid out: what other modules had there before (freed code, or
    // an init section, which goes when the module is live) is no longer there.
    void laid_out(const event::Module& module);

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
    struct Range {
        std::uint64_t begin = 0;
        std::uint64_t end = 0;
        const ModuleInfo* module = nullptr;
        const ModuleFunction* function = nullptr;
    };

    // What was looked up lately: the same few are asked for again and again.
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
    void place(const ModuleInfo& module, const event::ModuleSection& section);
    CodePlace look_up(std::uint64_t address, std::uint64_t within) const;

    const std::vector<ModuleInfo>& modules_;
    std::vector<Range> ranges_; // by begin
    std::unordered_map<std::uint64_t, CodePlace, SeededHash> exact_;
    mutable std::array<Known, 256> known_;
};

} // namespace rcuscope
