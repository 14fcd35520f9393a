// SPDX-License-Identifier: BSD-2-Clause
#include "timeline/symbols.hpp"

#include <algorithm>
#include <iterator>
#include <limits>
#include <tuple>

#include "base/text.hpp"

namespace rcuscope {

namespace {

// A function with an fentry probe appears twice in a stack: the trampoline of the probe calls the rest of it. Removes
// the trampoline and the second appearance.
void leave_out_trampolines(std::vector<CodeLocation>& places) {
    std::vector<CodeLocation> rest;
    for (std::size_t i = 0; i < places.size(); i++) {
        const bool trampoline = places[i].module == "bpf" && places[i].function.starts_with("bpf_trampoline_");
        if (!trampoline)
            rest.push_back(places[i]);
        else if (!rest.empty() && i + 1 < places.size() && places[i + 1].function == rest.back().function &&
                 places[i + 1].module == rest.back().module)
            i++;
    }
    places = std::move(rest);
}

// begin + size, clamped to the largest address.
std::uint64_t end_of(std::uint64_t begin, std::uint64_t size) {
    return begin + std::min(size, std::numeric_limits<std::uint64_t>::max() - begin);
}

// The entry whose range contains an address. `all`: by begin, each with an end; ranges do not overlap.
template <typename Value>
const std::pair<const std::uint64_t, Value>* holder_of(const std::map<std::uint64_t, Value>& all,
                                                       std::uint64_t address) {
    const auto after = all.upper_bound(address);
    if (after == all.begin())
        return nullptr;
    const auto found = std::prev(after);
    return address < found->second.end ? &*found : nullptr;
}

} // namespace

// Hand-written assembly may have size 0. It then extends to the next function of its section; the last one gets 1 byte.
std::uint64_t Symbols::Section::end_of(std::size_t index) const {
    const ModuleFunction& function = *functions[index];
    if (function.size != 0)
        return rcuscope::end_of(function.offset, function.size);
    const std::size_t next = index + 1;
    const bool followed = next < functions.size() && functions[next]->offset > function.offset;
    return followed ? functions[next]->offset : rcuscope::end_of(function.offset, 1);
}

const ModuleFunction* Symbols::Section::function_at(std::uint64_t offset) const {
    const auto after = std::upper_bound(functions.begin(), functions.end(), offset,
                                        [](std::uint64_t o, const ModuleFunction* f) { return o < f->offset; });
    if (after == functions.begin())
        return nullptr;
    const auto index = static_cast<std::size_t>(std::prev(after) - functions.begin());
    return offset < end_of(index) ? functions[index] : nullptr;
}

Symbols::Symbols(const Metadata& metadata, const std::vector<SymbolInfo>& symbols) {
    std::map<std::string_view, const ModuleInfo*> first; // by name
    for (const ModuleInfo& module : metadata.modules) {
        if (!first.emplace(module.name, &module).second)
            continue;
        for (const ModuleFunction& function : module.functions) {
            Section& section = sections_[{module.name, function.section}];
            section.module = &module;
            section.name = function.section;
            section.functions.push_back(&function);
        }
        if (module.sections) {
            for (const ModuleSectionSize& known : *module.sections) {
                Section& section = sections_[{module.name, known.name}];
                section.module = &module;
                section.name = known.name;
                section.size = known.size;
                section.whole = true;
            }
        }
    }
    for (auto& [name, section] : sections_) {
        auto& functions = section.functions;
        std::stable_sort(functions.begin(), functions.end(),
                         [](const ModuleFunction* a, const ModuleFunction* b) { return a->offset < b->offset; });
        for (std::size_t i = 0; i < functions.size(); i++)
            section.size = section.whole ? section.size : std::max(section.size, section.end_of(i));
    }
    add_names(symbols);
}

void Symbols::add_names(const std::vector<SymbolInfo>& symbols) {
    names_.reserve(symbols.size());
    for (const SymbolInfo& symbol : symbols) {
        names_.push_back({.place = {.address = symbol.address,
                                    .function = symbol.name,
                                    .module = symbol.module,
                                    .offset = symbol.offset},
                          .since = symbol.since_ns});
        untimed_ = untimed_ || !symbol.since_ns;
        if (symbol.since_ns.value_or(0) != 0)
            changes_.push_back(*symbol.since_ns);
    }
    std::stable_sort(names_.begin(), names_.end(), [](const Name& a, const Name& b) {
        return std::tie(a.place.address, a.since) < std::tie(b.place.address, b.since);
    });
    std::sort(changes_.begin(), changes_.end());
    changes_.erase(std::unique(changes_.begin(), changes_.end()), changes_.end());
    next_change_ = changes_.empty() ? never : changes_.front();
}

bool Symbols::pass_changes() {
    while (next_ < changes_.size() && changes_[next_] <= now_)
        next_++;
    next_change_ = next_ < changes_.size() ? changes_[next_] : never;
    known_ = {};
    return true;
}

// Removes each overlapping section as a whole, since its module is gone; not those of module `but_of`.
void Symbols::remove_sections(std::uint64_t begin, std::uint64_t end, const std::string* but_of) {
    auto each = placed_.upper_bound(begin);
    if (each != placed_.begin() && std::prev(each)->second.end > begin)
        --each;
    while (each != placed_.end() && each->first < end) {
        if (but_of != nullptr && each->second.section->module->name == *but_of) {
            ++each;
        } else {
            each->second.section->placed = 0;
            each = placed_.erase(each);
        }
    }
}

void Symbols::laid_out(const event::Module& module) {
    known_ = {};
    if (untimed_)
        came_[module.name.str()] = now_;
    if (module.base == 0 || module.size == 0)
        return;
    const std::uint64_t begin = module.base;
    const std::uint64_t end = end_of(begin, module.size);
    remove_sections(begin, end, &module.name.str());
    // Cuts [begin, end) out of earlier layouts; their parts before and after it stay.
    auto each = laid_out_.upper_bound(begin);
    if (each != laid_out_.begin() && std::prev(each)->second.end > begin)
        --each;
    while (each != laid_out_.end() && each->first < end) {
        const std::uint64_t old_begin = each->first;
        const LaidOut old = each->second;
        each = laid_out_.erase(each);
        if (old_begin < begin)
            laid_out_.emplace(old_begin, LaidOut{begin, old.since, old.base, old.module});
        if (old.end > end)
            laid_out_.emplace(end, old);
    }
    const PooledString name(module.name.str());
    laid_out_[begin] = {end, now_, begin, name};
    present_[name] = now_;
}

void Symbols::freed(const PooledString& module) {
    known_ = {};
    present_.erase(module);
}

void Symbols::placed(const event::ModuleSection& placed) {
    const auto found = sections_.find({placed.module.str(), placed.section.str()});
    if (found == sections_.end() || placed.address == 0)
        return;
    known_ = {};
    Section& section = found->second;
    if (section.placed != 0)
        placed_.erase(section.placed); // address in the earlier load
    const std::uint64_t end = end_of(placed.address, section.size);
    remove_sections(placed.address, end, nullptr);
    placed_[placed.address] = {end, &section, now_};
    section.placed = placed.address;
}

Symbols::Time Symbols::laid_out_since(std::uint64_t address) const {
    const auto* module = holder_of(laid_out_, address);
    return module ? module->second.since : 0;
}

Symbols::Time Symbols::since(const Name& name) const {
    if (name.since)
        return *name.since;
    const auto came = came_.find(name.place.module);
    return came == came_.end() ? 0 : came->second;
}

// The newest name that is valid at now_. A name in a module is invalid once another module was laid out at its address.
const Symbols::Name* Symbols::name_of(std::uint64_t address, std::uint64_t within) const {
    const auto at = [](const Name& name, std::uint64_t wanted) { return name.place.address < wanted; };
    auto name = std::lower_bound(names_.begin(), names_.end(), address, at);
    const auto is_of_it = [&] { return name != names_.end() && name->place.address == address; };
    const Time laid_out = laid_out_since(within);
    const auto holds = [&](const Name& each) {
        return since(each) <= now_ && (each.place.module.empty() || since(each) >= laid_out);
    };
    const Name* newest = nullptr;
    for (; is_of_it() && !name->since; ++name)
        if (holds(*name) && (newest == nullptr || since(*name) > since(*newest)))
            newest = &*name;
    // Names with a time are sorted by it.
    const auto after =
        std::upper_bound(name, names_.cend(), std::pair(address, now_), [](const auto& wanted, const Name& each) {
            return wanted < std::pair(each.place.address, each.since.value_or(0));
        });
    if (after != name && holds(*std::prev(after)) && (newest == nullptr || since(*std::prev(after)) >= since(*newest)))
        newest = &*std::prev(after);
    return newest;
}

// Location in a followed module without a symbol: a .ko may be stripped of the symbols of static functions.
CodeLocation Symbols::unnamed_place(const Section& section, std::uint64_t offset, bool is_function, bool in_init) {
    const std::string name(section.name);
    return {.address = section.placed + offset,
            .function = is_function ? name + "+" + hex(offset) : name,
            .module = section.module->name,
            .offset = is_function ? 0 : offset,
            .in_init = in_init};
}

// Location without any name: its module may have been freed before the recorder read its names.
CodeLocation Symbols::nameless_place(std::uint64_t address, std::uint64_t within) const {
    if (const auto* found = holder_of(laid_out_, within)) {
        const LaidOut& module = found->second;
        if (const auto present = present_.find(module.module);
            present != present_.end() && present->second == module.since) {
            return {
                .address = address, .function = "[unknown]", .module = module.module, .offset = address - module.base};
        }
    }
    return {.address = address, .function = {}, .module = {}};
}

CodeLocation Symbols::look_up(std::uint64_t address, std::uint64_t within) const {
    if (address == 0)
        return {};
    const Name* const name = name_of(address, within);
    if (const auto* placed = holder_of(placed_, within);
        placed && (name == nullptr || since(*name) <= placed->second.since)) {
        const Section& section = *placed->second.section;
        const bool in_init = section.name.starts_with(".init");
        if (const ModuleFunction* function = section.function_at(within - placed->first)) {
            return {.address = address,
                    .function = function->name,
                    .module = section.module->name,
                    .offset = address - placed->first - function->offset,
                    .in_init = in_init};
        }
        if (section.whole)
            return unnamed_place(section, address - placed->first, address == within, in_init);
    }
    return name ? name->place : nameless_place(address, within);
}

std::vector<CodeLocation> Symbols::stack(const std::vector<std::uint64_t>& addresses) const {
    std::vector<CodeLocation> places;
    places.reserve(addresses.size());
    for (const std::uint64_t address : addresses)
        places.push_back(caller(address));
    leave_out_trampolines(places);
    return places;
}

// An interrupt enters by a function asm_sysvec_... or asm_common_interrupt. The next frame outwards is the interrupted
// instruction; all others are return addresses.
std::vector<CodeLocation> Symbols::interrupted_stack(const std::vector<std::uint64_t>& stack) const {
    std::vector<CodeLocation> places;
    bool entry_seen = false;
    for (const std::uint64_t address : stack) {
        const CodeLocation place = entry_seen && places.empty() ? function(address) : caller(address);
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
