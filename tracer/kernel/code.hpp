// SPDX-License-Identifier: BSD-2-Clause
//
// The code of a module: its functions, their instructions, and the target of each reference.
//
// In a .ko, calls and addresses are zeros with a relocation. Only jumps and calls within a section may contain their
// distance. So a reference is resolved by the relocation within the instruction, or else by its bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kernel/ko_elf.hpp"

namespace rcuscope {

// The target of an instruction or of a pointer in data.
struct CodeRef {
    enum class Kind : std::uint8_t { none, place, external };

    Kind kind = Kind::none;
    std::uint32_t number = 0; // section number of a place; symbol number of an external target, see Code::external()
    std::int64_t offset = 0;  // in the section

    bool is_place() const { return kind == Kind::place; }
    bool is_external() const { return kind == Kind::external; }
    auto operator<=>(const CodeRef&) const = default; // NOLINT(modernize-use-nullptr): of <=> itself
};

enum class Flow : std::uint8_t {
    next,          // continues with the next instruction
    call,          // a direct call that returns
    jump,          // a direct jump
    branch,        // a conditional jump
    indirect_call, // through a pointer
    indirect_jump,
    ret,
    stop, // does not continue: ud2 of BUG(), int3, a call that never returns
};

struct Instruction86 {
    std::uint32_t offset = 0; // in the section
    std::uint8_t size = 0;
    Flow flow = Flow::next;
    CodeRef target; // of a direct call, jump or branch
};

class Code {
public:
    struct Function {
        std::string_view name;
        KoElf::SectionOffset place;
        std::uint64_t size = 0;
        bool split_off = false;     // a part that the compiler split off (".cold"): reached by jumps only
        bool address_taken = false; // a pointer to it exists
        bool exported = false;      // other modules may call it
    };

    // The ELF object must outlive this.
    explicit Code(const KoElf& elf);

    const KoElf& elf() const { return elf_; }
    const std::vector<Function>& functions() const { return functions_; }
    std::optional<std::size_t> function_at(const KoElf::SectionOffset& place) const;
    std::optional<std::size_t> function_at(const CodeRef& ref) const;
    // Returns a function only if it begins at `ref`.
    std::optional<std::size_t> function_beginning(const CodeRef& ref) const;
    std::string_view external(std::uint32_t symbol) const;
    std::string_view external(const CodeRef& ref) const {
        return ref.is_external() ? external(ref.number) : std::string_view();
    }
    // Whether the module imports a symbol of this name.
    bool imports(std::string_view name) const { return imports_.contains(name); }
    const std::set<std::string_view>& imports() const { return imports_; }

    // The instructions of a function, decoded on the first call. The list ends before bytes that cannot be decoded.
    const std::vector<Instruction86>& instructions(std::size_t function) const;
    const Instruction86* instruction_at(const KoElf::SectionOffset& place) const;
    std::span<const unsigned char> bytes(const KoElf::SectionOffset& place) const;
    // Whether the function takes the address of one of the module's functions.
    bool refers_to_own_functions(std::size_t function) const;
    // The target of the relocation within [from, until) of an instruction that ends at `end`.
    CodeRef ref_at(std::size_t section, std::uint64_t from, std::uint64_t until, std::uint64_t end) const;

    // Where control flow goes after an instruction, apart from calls: at most three places.
    struct Next {
        KoElf::SectionOffset places[3];
        std::size_t count = 0;
        bool returns = false;        // to the caller, also through a tail call
        std::optional<CodeRef> tail; // the target of a tail call
        bool indirect_tail = false;  // a tail call through a pointer
    };
    Next after(std::size_t section, const Instruction86& instruction) const;

    // Pointers in data to the module's own functions, sorted by where the pointers lie.
    struct DataPointer {
        KoElf::SectionOffset at;
        std::size_t function = 0;
    };
    const std::vector<DataPointer>& data_pointers() const { return data_pointers_; }
    // Whether the object at `place` holds a pointer to the module (THIS_MODULE).
    bool names_its_owner(const KoElf::SectionOffset& place) const;
    // The data object that contains `place`; nothing if the symbol table has none.
    struct Object {
        KoElf::SectionOffset place;
        std::uint64_t size = 0;
        std::string_view name;
    };
    std::optional<Object> object_at(const KoElf::SectionOffset& place) const;

    // Direct calls and jumps to functions of other modules or the kernel, by place.
    struct ExternalCall {
        KoElf::SectionOffset place; // of the instruction
        std::uint32_t symbol = 0;
        bool jump = false;
    };
    const std::vector<ExternalCall>& external_calls() const { return external_calls_; }

    // For a part that the compiler split off: the function it belongs to. Otherwise the function itself.
    std::size_t whole_of(std::size_t function) const;

    // Direct calls and tail calls of each of the module's functions.
    struct CallSite {
        std::size_t function = 0; // the function that contains the call
        KoElf::SectionOffset place;
    };
    const std::vector<CallSite>& callers_of(std::size_t function) const;

private:
    struct Relocation {
        std::uint64_t offset = 0;
        CodeRef ref;           // if `distance`: not yet corrected by the end of the instruction
        bool distance = false; // relative to the end of the instruction
    };

    CodeRef resolve(const GElf_Rela& rela) const;
    void read_relocations();
    void read_data(const KoElf::Section& relocations, std::size_t section);
    void read_warnings();
    void read_static_branches();
    void read_objects();
    void mark_addresses_taken();
    std::uint64_t opcode_size(std::size_t section, const Relocation& relocation) const;
    bool is_tail_call(std::size_t section, const Instruction86& instruction) const;
    std::vector<Instruction86> decode(const Function& function) const;
    void index_callers() const;

    const KoElf& elf_;
    std::vector<Function> functions_;
    std::vector<std::vector<Relocation>> relocations_; // by section, sorted
    std::vector<std::vector<std::uint64_t>> takers_;   // by section: where code takes an own function's address
    std::set<std::string_view> imports_;
    std::set<KoElf::SectionOffset> warnings_; // ud2 instructions after which execution continues
    std::map<KoElf::SectionOffset, KoElf::SectionOffset>
        static_branches_;                           // by patchable instruction: the jump's target
    std::vector<DataPointer> data_pointers_;        // sorted by place
    std::set<KoElf::SectionOffset> owner_pointers_; // places in data that hold the module's address
    std::vector<ExternalCall> external_calls_;
    mutable std::map<std::size_t, std::size_t> wholes_;
    std::map<KoElf::SectionOffset, Object> objects_; // by begin
    mutable std::vector<std::optional<std::vector<Instruction86>>> decoded_;
    mutable std::optional<std::vector<std::vector<CallSite>>> callers_;
};

} // namespace rcuscope
