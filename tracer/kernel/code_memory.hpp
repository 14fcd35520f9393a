// SPDX-License-Identifier: BSD-2-Clause
//
// The memory that the kernel gives to a module's code, and how far it reads there when a kprobe is placed.
//
// From 6.4 on a module's code has memory of its own, a whole number of pages: its sections in the order of the
// file, and zeros. With a kprobe that is not ftrace's, the kernel decodes the instructions of the whole symbol
// that holds it (can_optimize() in arch/x86/kernel/kprobes/opt.c). The last symbol ends, for kallsyms, where the
// memory ends. So the zeros are decoded too, two bytes each ("add %al,(%rax)"): if the code ends at an odd
// address, the last instruction goes on into the next page, which is not mapped. The kernel dies of that.
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

// From where to where, bytes from the memory's beginning.
struct CodeRange {
    std::uint64_t begin = 0;
    std::uint64_t end = 0;

    auto operator<=>(const CodeRange&) const = default; // NOLINT(modernize-use-nullptr): of <=> itself
};

class CodeMemory {
public:
    using Bytes = std::span<const unsigned char>;

    // In the order of the file. `section` is its number there; `bytes` must outlive this, and may be fewer than
    // `size`.
    void add_section(std::size_t section, Bytes bytes, std::uint64_t size, std::uint64_t alignment);
    // One that kallsyms has. Of other sections: nothing happens, here and below.
    void add_symbol(std::size_t section, std::uint64_t offset, std::uint64_t size);
    // Bytes that are others when the module is loaded, four of them.
    void add_relocation(std::size_t section, std::uint64_t offset);

    bool has(std::size_t section) const { return placed_.contains(section); }
    // Where the symbol begins that kallsyms has for a place, in the same section.
    std::optional<std::uint64_t> symbol_before(std::size_t section, std::uint64_t offset) const;
    // Whether it is certain that the kernel stays within the memory when a kprobe is placed there.
    bool takes_probe(std::size_t section, std::uint64_t offset);
    // Bytes from the memory's beginning, which begins a page.
    std::optional<std::uint64_t> place_of(std::size_t section, std::uint64_t offset) const;
    // What the kernel decodes for a kprobe there; nothing if it ends so far before the memory does that the kernel
    // stays within, whatever it takes the instructions for.
    std::optional<CodeRange> decoded_to_the_end(std::size_t section, std::uint64_t offset) const;

private:
    struct Piece {
        std::uint64_t begin = 0;
        Bytes bytes;
    };

    std::uint64_t end() const;
    bool stays_inside(std::uint64_t symbol, std::uint64_t until) const;
    // Beginning at `at`, with instructions: where they end, or nothing.
    std::optional<std::uint64_t> next_after(std::uint64_t at) const;

    std::vector<Piece> pieces_;                      // ascending
    std::map<std::size_t, std::uint64_t> placed_;    // a section's place
    std::map<std::uint64_t, std::uint64_t> symbols_; // a symbol's place, and the size of its largest
    std::set<std::uint64_t> relocations_;
    std::map<std::uint64_t, bool> stays_; // by symbol, what was found
    std::uint64_t size_ = 0;
    bool known_ = true; // where the sections lie
};

// Both memories of a module's code: one for what is needed until the module has been initialised, and for the exit
// code too on a kernel that cannot unload modules, and one for the rest.
class CodeLayout {
public:
    void kernel_unloads(bool does) { unloads_ = does; }
    void add_section(std::size_t section, std::string_view name, CodeMemory::Bytes bytes, std::uint64_t size,
                     std::uint64_t alignment);
    void add_symbol(std::size_t section, std::string_view name, std::uint64_t offset, std::uint64_t size);
    void add_relocation(std::size_t section, std::uint64_t offset, std::uint64_t size);
    // Whether it is certain that the kernel stays within its memory when a kprobe that is not ftrace's is placed there.
    bool takes_probe(std::size_t section, std::uint64_t offset) { return of(section).takes_probe(section, offset); }
    std::optional<std::uint64_t> symbol_before(std::size_t section, std::uint64_t offset) {
        return of(section).symbol_before(section, offset);
    }
    // Whether the section is in the first of the two.
    bool is_init(std::size_t section) const { return init_.has(section); }
    const CodeMemory& memory_of(std::size_t section) const { return is_init(section) ? init_ : core_; }

private:
    CodeMemory& of(std::size_t section) { return is_init(section) ? init_ : core_; }

    bool unloads_ = true;
    CodeMemory core_;
    CodeMemory init_;
};

} // namespace rcuscope
