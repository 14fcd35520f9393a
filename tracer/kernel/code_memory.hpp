// SPDX-License-Identifier: BSD-2-Clause
//
// The memory that holds a module's code, and how far the kernel reads in it when a kprobe is placed.
//
// Since Linux 6.4, the code of a module has its own memory, a whole number of pages: the code sections in file order,
// then zeros. To place a kprobe that does not use ftrace, the kernel decodes the instructions of the whole symbol that
// contains it (can_optimize() in arch/x86/kernel/kprobes/opt.c). In kallsyms the last symbol reaches to the end of the
// memory, so the kernel decodes the zeros too, two bytes each ("add %al,(%rax)"). If the code ends at an odd address,
// the last instruction crosses into the next page, which is not mapped, and the kernel crashes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string_view>
#include <vector>

namespace rcuscope {

// Offsets in bytes from the beginning of the memory.
struct CodeRange {
    std::uint64_t begin = 0;
    std::uint64_t end = 0;

    auto operator<=>(const CodeRange&) const = default; // NOLINT(modernize-use-nullptr): of <=> itself
};

class CodeMemory {
public:
    using Bytes = std::span<const unsigned char>;

    // Sections must be added in file order. `section`: its number in the file. `bytes` must outlive this object and may
    // be fewer than `size`.
    void add_section(std::size_t section, Bytes bytes, std::uint64_t size, std::uint64_t alignment);
    // Adds a symbol that kallsyms lists. Sections that were not added are ignored, here and below.
    void add_symbol(std::size_t section, std::uint64_t offset, std::uint64_t size);
    // Four bytes that the kernel changes when it loads the module.
    void add_relocation(std::size_t section, std::uint64_t offset);

    bool has(std::size_t section) const { return placed_.contains(section); }
    // The offset in the section of the symbol that kallsyms finds for an address in that section.
    std::optional<std::uint64_t> symbol_before(std::size_t section, std::uint64_t offset) const;
    // Whether the kernel certainly stays within the memory when a kprobe is placed there.
    bool takes_probe(std::size_t section, std::uint64_t offset);
    // Offset in bytes from the beginning of the memory, which is the beginning of a page.
    std::optional<std::uint64_t> place_of(std::size_t section, std::uint64_t offset) const;
    // The range that the kernel decodes for a kprobe there. Nothing if the range ends so far before the end of the
    // memory that the kernel stays within it, even if it decodes wrong instructions.
    std::optional<CodeRange> decoded_to_the_end(std::size_t section, std::uint64_t offset) const;

private:
    struct Piece {
        std::uint64_t begin = 0;
        Bytes bytes;
    };

    std::uint64_t end() const;
    bool stays_inside(std::uint64_t symbol, std::uint64_t until) const;
    // The end of the instruction at `at`, or of the zeros there. Nothing if it is not certain.
    std::optional<std::uint64_t> next_after(std::uint64_t at) const;

    std::vector<Piece> pieces_;                      // sorted by begin
    std::map<std::size_t, std::uint64_t> placed_;    // by section: its offset in the memory
    std::map<std::uint64_t, std::uint64_t> symbols_; // by offset in the memory: the size of the largest symbol there
    std::set<std::uint64_t> relocations_;
    std::map<std::uint64_t, bool> stays_; // results of stays_inside(), by offset of the symbol
    std::uint64_t size_ = 0;
    bool known_ = true; // false: the layout of the sections is unknown
};

// The two memories of a module's code. The first is freed once the module is initialised; it also holds the exit code
// on a kernel that cannot unload modules. The second holds the rest.
class CodeLayout {
public:
    void kernel_unloads(bool does) { unloads_ = does; }
    void add_section(std::size_t section, std::string_view name, CodeMemory::Bytes bytes, std::uint64_t size,
                     std::uint64_t alignment);
    void add_symbol(std::size_t section, std::string_view name, std::uint64_t offset, std::uint64_t size);
    void add_relocation(std::size_t section, std::uint64_t offset, std::uint64_t size);
    // Whether the kernel certainly stays within the memory when a kprobe that does not use ftrace is placed there.
    bool takes_probe(std::size_t section, std::uint64_t offset) { return of(section).takes_probe(section, offset); }
    std::optional<std::uint64_t> symbol_before(std::size_t section, std::uint64_t offset) {
        return of(section).symbol_before(section, offset);
    }
    // Whether the section is in the first memory.
    bool is_init(std::size_t section) const { return init_.has(section); }
    const CodeMemory& memory_of(std::size_t section) const { return is_init(section) ? init_ : core_; }

private:
    CodeMemory& of(std::size_t section) { return is_init(section) ? init_ : core_; }

    bool unloads_ = true;
    CodeMemory core_;
    CodeMemory init_;
};

} // namespace rcuscope
