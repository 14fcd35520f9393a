// SPDX-License-Identifier: BSD-2-Clause
#include "kernel/code_memory.hpp"

#include <algorithm>
#include <bit>
#include <iterator>

#include "kernel/instruction.hpp"

namespace rcuscope {

namespace {

constexpr std::uint64_t page = 4096;
// Bytes of the longest instruction, which is also how many bytes the kernel copies from a probed address.
constexpr std::uint64_t longest_instruction = 15;
constexpr std::uint64_t zero_size = 2; // bytes of the instruction that zeros decode to
constexpr std::uint64_t limit = std::uint64_t{1} << 31;
constexpr std::uint64_t relocated = 4;

std::uint64_t aligned(std::uint64_t size, std::uint64_t alignment) {
    return (size + alignment - 1) & ~(alignment - 1);
}

} // namespace

void CodeMemory::add_section(std::size_t section, Bytes bytes, std::uint64_t size, std::uint64_t alignment) {
    alignment = std::max<std::uint64_t>(alignment, 1);
    known_ = known_ && std::has_single_bit(alignment) && alignment < limit && size < limit && size_ < limit;
    const std::uint64_t begin = known_ ? aligned(size_, alignment) : 0;
    placed_.emplace(section, begin);
    if (!known_)
        return;
    if (size > 0)
        pieces_.push_back({begin, bytes.first(std::min<std::uint64_t>(bytes.size(), size))});
    size_ = begin + size;
}

void CodeMemory::add_symbol(std::size_t section, std::uint64_t offset, std::uint64_t size) {
    const auto place = placed_.find(section);
    if (place == placed_.end() || offset > limit)
        return;
    std::uint64_t& largest = symbols_[place->second + offset];
    largest = std::max(largest, size);
}

void CodeMemory::add_relocation(std::size_t section, std::uint64_t offset) {
    if (const auto place = placed_.find(section); place != placed_.end() && offset < limit)
        relocations_.insert(place->second + offset);
}

std::optional<std::uint64_t> CodeMemory::symbol_before(std::size_t section, std::uint64_t offset) const {
    const auto place = place_of(section, offset);
    if (!place)
        return std::nullopt;
    const std::uint64_t begin = *place - offset;
    const auto next = symbols_.upper_bound(*place);
    if (next == symbols_.begin() || std::prev(next)->first < begin)
        return std::nullopt;
    return std::prev(next)->first - begin;
}

std::uint64_t CodeMemory::end() const {
    return aligned(size_, page);
}

std::optional<std::uint64_t> CodeMemory::place_of(std::size_t section, std::uint64_t offset) const {
    const auto section_place = placed_.find(section);
    if (!known_ || section_place == placed_.end() || offset > limit)
        return std::nullopt;
    return section_place->second + offset;
}

std::optional<CodeRange> CodeMemory::decoded_to_the_end(std::size_t section, std::uint64_t offset) const {
    const auto place = place_of(section, offset);
    if (!place)
        return std::nullopt;
    const auto next = symbols_.upper_bound(*place);
    const CodeRange decoded{next == symbols_.begin() ? 0 : std::prev(next)->first,
                            next == symbols_.end() ? end() : std::min(next->first, end())};
    // The last decoded instruction begins before decoded.end and has at most this many bytes.
    return decoded.end + longest_instruction <= end() ? std::nullopt : std::optional(decoded);
}

bool CodeMemory::takes_probe(std::size_t section, std::uint64_t offset) {
    const auto place = place_of(section, offset);
    if (!place || symbols_.empty() || *place < symbols_.begin()->first || *place + longest_instruction > end())
        return false;
    const auto decoded = decoded_to_the_end(section, offset);
    if (!decoded)
        return true;
    const auto [found, added] = stays_.try_emplace(decoded->begin);
    if (added)
        found->second = stays_inside(decoded->begin, decoded->end);
    return found->second;
}

// Walks as can_optimize() does, without its early exits. Patches of the code (alternatives, static calls and keys,
// returns) keep the boundaries of the instructions around them. So the walk must be aligned with these boundaries: it
// must meet the end of the function and the beginning of each section.
bool CodeMemory::stays_inside(std::uint64_t symbol, std::uint64_t until) const {
    const std::uint64_t size = symbols_.at(symbol);
    for (std::uint64_t at = symbol; at < until;) {
        const auto next = next_after(at);
        if (!next || (at<symbol + size&& * next> symbol + size))
            return false;
        at = *next;
    }
    return true;
}

std::optional<std::uint64_t> CodeMemory::next_after(std::uint64_t at) const {
    const auto above = std::upper_bound(pieces_.begin(), pieces_.end(), at,
                                        [](std::uint64_t place, const Piece& piece) { return place < piece.begin; });
    const std::uint64_t gap_end = above == pieces_.end() ? end() : above->begin;
    const auto inside = above == pieces_.begin() ? above : std::prev(above);
    const std::uint64_t offset = above == pieces_.begin() ? 0 : at - inside->begin;
    if (above == pieces_.begin() || offset >= inside->bytes.size())
        return (gap_end - at) % zero_size == 0 ? std::optional(gap_end) : std::nullopt;
    const auto instruction = instruction_at(inside->bytes.subspan(offset));
    if (!instruction)
        return std::nullopt;
    const auto changed = relocations_.lower_bound(at < relocated ? 0 : at - relocated + 1);
    if (changed != relocations_.end() && *changed < at + instruction->shape)
        return std::nullopt;
    return at + instruction->size;
}

// kernel/module/main.c: __layout_sections()
void CodeLayout::add_section(std::size_t section, std::string_view name, CodeMemory::Bytes bytes, std::uint64_t size,
                             std::uint64_t alignment) {
    const bool init = name.starts_with(".init") || (!unloads_ && name.starts_with(".exit"));
    (init ? init_ : core_).add_section(section, bytes, size, alignment);
}

// find_kallsyms_symbol() in kernel/module/kallsyms.c skips symbols without a name and those that the assembler made.
void CodeLayout::add_symbol(std::size_t section, std::string_view name, std::uint64_t offset, std::uint64_t size) {
    if (!name.empty() && !name.starts_with(".L") && !name.starts_with("L0") && !name.starts_with('$'))
        of(section).add_symbol(section, offset, size);
}

void CodeLayout::add_relocation(std::size_t section, std::uint64_t offset, std::uint64_t size) {
    for (std::uint64_t done = 0; done < size; done += relocated)
        of(section).add_relocation(section, offset + done);
}

} // namespace rcuscope
