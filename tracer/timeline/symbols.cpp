// SPDX-License-Identifier: BSD-2-Clause
#include "timeline/symbols.hpp"

#include <algorithm>
#include <iterator>

namespace rcuscope {

namespace {

// Where a function ends. Hand-written assembly may have no size: it then reaches
// to the next function of its section, and of the last one only the start is sure.
std::uint64_t end_offset(const std::vector<ModuleFunction>& functions, std::size_t index) {
    const ModuleFunction& function = functions[index];
    if (function.size != 0) {
        return function.offset + function.size;
    }
    // By section, then offset; one for each address.
    const std::size_t next = index + 1;
    const bool followed = next < functions.size() && functions[next].section == function.section;
    return followed && functions[next].offset > function.offset ? functions[next].offset : function.offset + 1;
}

// A function that is probed by fentry is there twice: the probe's trampoline calls the rest of it.
void leave_out_trampolines(std::vector<CodePlace>& places) {
    std::vector<CodePlace> rest;
    for (std::size_t i = 0; i < places.size(); i++) {
        const bool trampoline = places[i].module == "bpf" && places[i].function.starts_with("bpf_trampoline_");
        if (!trampoline) {
            rest.push_back(places[i]);
        } else if (!rest.empty() && i + 1 < places.size() && places[i + 1].function == rest.back().function &&
                   places[i + 1].module == rest.back().module) {
            i++;
        }
    }
    places = std::move(rest);
}

} // namespace

Symbols::Symbols(const Metadata& metadata, const std::vector<SymbolInfo>& symbols) : modules_(metadata.modules) {
    exact_.reserve(symbols.size());
    for (const SymbolInfo& symbol : symbols) {
        exact_[symbol.address] = {
            .address = symbol.address, .function = symbol.name, .module = symbol.module, .offset = symbol.offset};
    }
}

void Symbols::laid_out(const event::Module& module) {
    known_ = {};
    std::erase_if(ranges_, [&](const Range& old) {
        return old.module->name != module.name && old.begin < module.base + module.size && old.end > module.base;
    });
}

void Symbols::placed(const event::ModuleSection& section) {
    for (const ModuleInfo& module : modules_) {
        if (module.name == section.module) {
            place(module, section);
            return;
        }
    }
}

void Symbols::place(const ModuleInfo& module, const event::ModuleSection& section) {
    known_ = {};
    std::vector<Range> added;
    for (std::size_t i = 0; i < module.functions.size(); i++) {
        const ModuleFunction& function = module.functions[i];
        if (function.section == section.section) {
            added.push_back({.begin = section.address + function.offset,
                             .end = section.address + end_offset(module.functions, i),
                             .module = &module,
                             .function = &function});
        }
    }
    if (added.empty()) {
        return;
    }
    std::uint64_t last = 0;
    for (const Range& range : added) {
        last = std::max(last, range.end);
    }
    // Out goes the earlier load of this section, and whatever of other modules lay at this place before.
    std::erase_if(ranges_, [&](const Range& old) {
        const bool earlier_load = old.module == &module && old.function->section == section.section;
        return earlier_load || (old.begin < last && old.end > section.address);
    });
    ranges_.insert(ranges_.end(), added.begin(), added.end());
    std::stable_sort(ranges_.begin(), ranges_.end(), [](const Range& a, const Range& b) { return a.begin < b.begin; });
}

CodePlace Symbols::look_up(std::uint64_t address, std::uint64_t within) const {
    if (address == 0) {
        return {};
    }
    const auto after = std::upper_bound(ranges_.begin(), ranges_.end(), within,
                                        [](std::uint64_t a, const Range& range) { return a < range.begin; });
    if (after != ranges_.begin()) {
        const Range& range = *std::prev(after);
        if (within < range.end) {
            return {.address = address,
                    .function = range.function->name,
                    .module = range.module->name,
                    .offset = address - range.begin};
        }
    }
    const auto exact = exact_.find(address);
    return exact != exact_.end() ? exact->second : CodePlace{.address = address, .function = {}, .module = {}};
}

std::vector<CodePlace> Symbols::stack(const std::vector<std::uint64_t>& addresses) const {
    std::vector<CodePlace> places;
    places.reserve(addresses.size());
    for (const std::uint64_t address : addresses) {
        places.push_back(caller(address));
    }
    leave_out_trampolines(places);
    return places;
}

// An interrupt enters by a function called asm_sysvec_... or asm_common_interrupt; the
// frame behind it is the instruction that was interrupted, the others are return addresses.
std::vector<CodePlace> Symbols::interrupted_stack(const std::vector<std::uint64_t>& stack) const {
    std::vector<CodePlace> places;
    bool entry_seen = false;
    for (const std::uint64_t address : stack) {
        const CodePlace place = entry_seen && places.empty() ? function(address) : caller(address);
        if (!entry_seen && place.function.starts_with("asm_")) {
            places.clear();
            entry_seen = true;
            continue;
        }
        places.push_back(place);
    }
    leave_out_trampolines(places);
    return places;
}

} // namespace rcuscope
