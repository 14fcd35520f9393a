// SPDX-License-Identifier: BSD-2-Clause
#include "kernel/function_places.hpp"

#include <algorithm>
#include <iterator>
#include <string_view>

namespace rcuscope {

namespace {

constexpr std::uint64_t call_size = 5;
constexpr std::size_t max_leaves = 64;
// Bytes of the longest run of instructions that the kernel replaces as one alternative.
constexpr std::uint64_t longest_alternative = 64;

constexpr unsigned char opcode_call = 0xe8;
constexpr unsigned char opcode_jump = 0xe9;
constexpr unsigned char opcode_short_jump = 0xeb;
constexpr unsigned char opcode_return = 0xc3;
constexpr unsigned char opcode_breakpoint = 0xcc;

KoElf::SectionOffset following(std::size_t section, const Instruction86& instruction) {
    return {section, std::uint64_t{instruction.offset} + instruction.size};
}

} // namespace

FunctionPlaceFinder::FunctionPlaceFinder(const Code& code) : code_(code), parts_(code.functions().size()) {
    for (std::size_t i = 0; i < parts_.size(); i++)
        if (const std::size_t whole = code_.whole_of(i); whole != i)
            parts_[whole].push_back(i);
    read_jumps();
    read_tables();
}

void FunctionPlaceFinder::read_jumps() {
    for (std::size_t i = 0; i < code_.functions().size(); i++) {
        const std::size_t section = code_.functions()[i].place.section;
        for (const Instruction86& instruction : code_.instructions(i)) {
            const Code::Next next = code_.after(section, instruction);
            for (std::size_t n = 0; n < next.count; n++) {
                if (next.places[n] == following(section, instruction))
                    continue;
                jump_targets_.insert(next.places[n]);
                if (const auto to = code_.function_at(next.places[n]); to && code_.whole_of(*to) != code_.whole_of(i))
                    entangled_.insert(code_.whole_of(*to));
            }
        }
    }
}

void FunctionPlaceFinder::read_tables() {
    const KoElf& elf = code_.elf();
    for (const KoElf::Section& relocations : elf.sections()) {
        if (relocations.header.sh_type != SHT_RELA || relocations.header.sh_info >= elf.sections().size())
            continue;
        const std::string_view of = elf.sections()[relocations.header.sh_info].name;
        if (of != "__ex_table" && of != ".altinstructions" && of != ".static_call_sites")
            continue;
        KoElf::for_each_relocation(relocations, [&](const GElf_Rela& rela) {
            const auto symbol = elf.symbol(GELF_R_SYM(rela.r_info));
            if (!symbol)
                return;
            const KoElf::SectionOffset place{symbol->st_shndx,
                                             symbol->st_value + static_cast<std::uint64_t>(rela.r_addend)};
            if (of == "__ex_table")
                jump_targets_.insert(place);
            else if (of == ".altinstructions")
                alternatives_.insert(place);
            else
                static_calls_.insert(place);
        });
    }
}

// The kernel refuses kprobes at static calls, because it patches these.
bool FunctionPlaceFinder::is_static_call(const KoElf::SectionOffset& place, const Instruction86& instruction) const {
    return static_calls_.contains(place) || code_.external(instruction.target).starts_with("__SCT__");
}

// Whether the kernel may have replaced the instruction there by an alternative.
bool FunctionPlaceFinder::patched(const KoElf::SectionOffset& place) const {
    const auto above = alternatives_.upper_bound(place);
    return above != alternatives_.begin() && std::prev(above)->section == place.section &&
           place.offset - std::prev(above)->offset < longest_alternative;
}

// Whether control flow stays within the function and its parts, apart from calls and returns.
bool FunctionPlaceFinder::stays(std::size_t function, std::size_t section, const Instruction86& instruction,
                                const Code::Next& next) const {
    for (std::size_t n = 0; n < next.count; n++) {
        if (next.places[n] == following(section, instruction))
            continue;
        const auto to = code_.function_at(next.places[n]);
        if (!to || code_.whole_of(*to) != function)
            return false;
    }
    return true;
}

// Whether the kernel emulates the instruction for a kprobe. It must never execute a copy of the instruction, nor put an
// optimized probe's jump in its place.
bool FunctionPlaceFinder::is_emulated(std::size_t section, const Instruction86& instruction) const {
    const KoElf::SectionOffset place{section, instruction.offset};
    const auto bytes = code_.bytes(place);
    if (patched(place) || bytes.size() < 2)
        return false;
    switch (instruction.flow) {
    case Flow::ret:
        // A return through the return thunk becomes a return and breakpoints, or stays a jump. Any other return could
        // be replaced by a jump, together with the bytes after it, unless a breakpoint follows.
        return bytes[0] == opcode_jump || (bytes[0] == opcode_return && bytes[1] == opcode_breakpoint);
    case Flow::call:
        return bytes[0] == opcode_call && !is_static_call(place, instruction);
    case Flow::jump:
        return (bytes[0] == opcode_jump || bytes[0] == opcode_short_jump) && !is_static_call(place, instruction);
    case Flow::branch: // not loop and jrcxz
        return (bytes[0] & 0xf0) == 0x70 || (bytes[0] == 0x0f && (bytes[1] & 0xf0) == 0x80);
    default:
        return false;
    }
}

// Searches the straight-line instructions after the ftrace call. Each call executes every one of them once, unless
// something jumps between them.
std::optional<std::uint64_t> FunctionPlaceFinder::entry_of(std::size_t function,
                                                           const KoElf::SectionOffset& traced) const {
    const auto& all = code_.instructions(function);
    const std::size_t section = traced.section;
    const auto first = static_cast<std::size_t>(
        std::lower_bound(all.begin(), all.end(), traced.offset + call_size,
                         [](const Instruction86& each, std::uint64_t offset) { return each.offset < offset; }) -
        all.begin());
    if (first == 0 || first >= all.size() || all[first].offset != traced.offset + call_size ||
        all[first - 1].offset != traced.offset || code_.bytes(traced).front() != opcode_call)
        return std::nullopt;
    for (std::size_t i = first; i < all.size() && !jump_targets_.contains({section, all[i].offset}); i++) {
        const Code::Next next = code_.after(section, all[i]);
        if (all[i].flow == Flow::next && next.count == 1)
            continue;
        // Further ways belong to a static branch, which the kernel patches.
        const std::size_t ways = all[i].flow == Flow::branch ? 2 : next.returns ? 0 : 1;
        return next.count == ways && is_emulated(section, all[i]) ? std::optional<std::uint64_t>(all[i].offset)
                                                                  : std::nullopt;
    }
    return std::nullopt;
}

std::optional<FunctionPlaces> FunctionPlaceFinder::find(const KoElf::SectionOffset& place,
                                                        const KoElf::SectionOffset& traced) const {
    const auto function = code_.function_at(place);
    if (!function || code_.functions()[*function].place != place || code_.functions()[*function].split_off ||
        entangled_.contains(*function))
        return std::nullopt;
    std::vector<std::size_t> parts = parts_[*function];
    parts.push_back(*function);
    FunctionPlaces found;
    for (const std::size_t part : parts) {
        const Code::Function& code = code_.functions()[part];
        const auto& all = code_.instructions(part);
        if (all.empty() || following(code.place.section, all.back()).offset != code.place.offset + code.size ||
            all.back().flow == Flow::next || all.back().flow == Flow::branch)
            return std::nullopt;
        for (const Instruction86& instruction : all) {
            const Code::Next next = code_.after(code.place.section, instruction);
            if (!stays(*function, code.place.section, instruction, next))
                return std::nullopt;
            if (!next.returns)
                continue;
            // The kernel knows the parts by symbols of their own, so leaves must lie in the function itself.
            if (part != *function || next.count > 0 || found.leaves.size() >= max_leaves ||
                !is_emulated(code.place.section, instruction) || instruction.flow == Flow::branch)
                return std::nullopt;
            found.leaves.push_back(instruction.offset - place.offset);
            found.jumps_away = found.jumps_away || instruction.flow != Flow::ret;
        }
    }
    const auto entry = entry_of(*function, traced);
    if (!entry)
        return std::nullopt;
    found.entry = *entry - place.offset;
    return found;
}

} // namespace rcuscope
