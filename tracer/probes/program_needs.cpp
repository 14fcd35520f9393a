// SPDX-License-Identifier: BSD-2-Clause
#include "probes/program_needs.hpp"

#include <algorithm>
#include <array>
#include <bpf/btf.h>
#include <charconv>
#include <cstring>
#include <gelf.h>
#include <libelf.h>
#include <linux/bpf.h>
#include <memory>
#include <utility>

namespace rcuscope {

namespace {

struct EndElf {
    void operator()(Elf* elf) const { elf_end(elf); }
};

// The header of the section .BTF.ext (Documentation/bpf/btf.rst; the UAPI does not have it).
struct ExtHeader {
    std::uint16_t magic;
    std::uint8_t version;
    std::uint8_t flags;
    std::uint32_t header_size;
    std::array<std::uint32_t, 4> functions_and_lines;
    std::uint32_t relocations_offset; // from the end of the header
    std::uint32_t relocations_size;
};

struct Place {
    std::size_t section = 0;
    std::uint64_t offset = 0;
};

struct Function {
    std::string name;
    Place place;
    std::uint64_t size = 0;
    bool of_kernel = false; // a program, not one that programs call
    std::set<MemberNeed> members;
    std::set<MemberNeed> questions; // members and structures that it asks for
    std::set<std::int32_t> helpers;
    std::set<std::size_t> calls; // functions, by number
};

template <typename Value>
std::optional<Value> load(std::span<const std::byte> from, std::size_t at) {
    if (at > from.size() || from.size() - at < sizeof(Value))
        return std::nullopt;
    Value value;
    std::memcpy(&value, from.data() + at, sizeof(value));
    return value;
}

class ObjectReader {
public:
    explicit ObjectReader(std::span<const std::byte> object) : object_(object) {}

    Result<std::map<std::string, ProgramNeeds>> read() {
        elf_version(EV_CURRENT);
        // libelf does not write to it.
        auto* bytes = const_cast<char*>(reinterpret_cast<const char*>(object_.data()));
        elf_.reset(elf_memory(bytes, object_.size()));
        if (!elf_ || !read_sections() || !types_ || !read_relocations_of_types())
            return fail(ExitCode::cannot_here, "cannot read the BPF programs", "they are no object of clang's",
                        "build rcuscope again");
        read_references();
        for (Function& function : functions_)
            read_instructions(function);
        std::map<std::string, ProgramNeeds> needs;
        for (std::size_t i = 0; i < functions_.size(); i++)
            if (functions_[i].of_kernel)
                needs.emplace(functions_[i].name, needs_of(i));
        return needs;
    }

private:
    bool read_sections() {
        std::size_t names = 0;
        if (elf_getshdrstrndx(elf_.get(), &names) != 0)
            return false;
        for (Elf_Scn* scn = elf_nextscn(elf_.get(), nullptr); scn; scn = elf_nextscn(elf_.get(), scn)) {
            GElf_Shdr header;
            const Elf_Data* data = elf_rawdata(scn, nullptr);
            if (!gelf_getshdr(scn, &header) || !data)
                return false;
            const char* name = elf_strptr(elf_.get(), names, header.sh_name);
            Section section{name ? name : "", header, {}};
            if (header.sh_type != SHT_NOBITS)
                section.bytes = {static_cast<const std::byte*>(data->d_buf), data->d_size};
            sections_.emplace(elf_ndxscn(scn), section);
            if (section.name == ".BTF")
                types_.reset(btf__new(section.bytes.data(), static_cast<__u32>(section.bytes.size())));
            if (header.sh_type == SHT_SYMTAB)
                read_functions(elf_ndxscn(scn));
        }
        return true;
    }

    void read_functions(std::size_t table) {
        symbols_ = table;
        const Section& section = sections_.at(table);
        for (std::size_t i = 0; i * sizeof(Elf64_Sym) < section.bytes.size(); i++) {
            const auto symbol = load<Elf64_Sym>(section.bytes, i * sizeof(Elf64_Sym));
            if (!symbol || GELF_ST_TYPE(symbol->st_info) != STT_FUNC)
                continue;
            Function function;
            const char* name = elf_strptr(elf_.get(), section.header.sh_link, symbol->st_name);
            function.name = name ? name : "";
            function.place = {symbol->st_shndx, symbol->st_value};
            function.size = symbol->st_size;
            functions_.push_back(std::move(function));
        }
    }

    std::optional<std::size_t> function_at(Place place) const {
        for (std::size_t i = 0; i < functions_.size(); i++) {
            const Function& function = functions_[i];
            if (function.place.section == place.section && place.offset - function.place.offset < function.size)
                return i;
        }
        return std::nullopt;
    }

    std::optional<std::size_t> section_named(std::string_view name) const {
        for (const auto& [index, section] : sections_)
            if (section.name == name)
                return index;
        return std::nullopt;
    }

    // The records of .BTF.ext that clang leaves for libbpf: one for each use of a member.
    bool read_relocations_of_types() {
        const auto index = section_named(".BTF.ext");
        if (!index)
            return false;
        const auto bytes = sections_.at(*index).bytes;
        const auto header = load<ExtHeader>(bytes, 0);
        if (!header)
            return false;
        std::size_t at = std::size_t{header->header_size} + header->relocations_offset;
        const std::size_t end = at + header->relocations_size;
        const auto record = load<std::uint32_t>(bytes, at);
        if (!record || *record < sizeof(bpf_core_relo))
            return header->relocations_size == 0;
        at += sizeof(*record);
        while (at < end) {
            const auto name = load<std::uint32_t>(bytes, at);
            const auto count = load<std::uint32_t>(bytes, at + sizeof(std::uint32_t));
            if (!name || !count)
                return false;
            at += 2 * sizeof(std::uint32_t);
            const auto section = section_named(text(*name));
            for (std::uint32_t i = 0; i < *count; i++, at += *record) {
                const auto relocation = load<bpf_core_relo>(bytes, at);
                if (!relocation || !section)
                    return false;
                if (const auto function = function_at({*section, relocation->insn_off}))
                    add(functions_[*function], *relocation);
            }
        }
        return true;
    }

    const char* text(std::uint32_t offset) const {
        const char* found = btf__name_by_offset(types_.get(), offset);
        return found ? found : "";
    }

    void add(Function& to, const bpf_core_relo& relocation) const {
        switch (relocation.kind) {
        case BPF_CORE_FIELD_EXISTS:
        case BPF_CORE_TYPE_EXISTS:
            to.questions.insert(need_of(relocation));
            break;
        case BPF_CORE_TYPE_ID_LOCAL:
            break;
        default:
            to.members.insert(need_of(relocation));
        }
    }

    // The access string numbers the members: "0:2:1" is the second member of the third member. The first number is an
    // index of the pointer; a number within an array is an index, too.
    MemberNeed need_of(const bpf_core_relo& relocation) const {
        MemberNeed need;
        std::uint32_t id = relocation.type_id;
        const btf_type* type = resolve(id);
        need.structure = type ? text(type->name_off) : "";
        const std::string_view access = text(relocation.access_str_off);
        const bool of_member = relocation.kind < BPF_CORE_TYPE_ID_LOCAL;
        for (std::size_t at = access.find(':'); of_member && type && at != std::string_view::npos;
             at = access.find(':', at + 1)) {
            unsigned number = 0;
            std::from_chars(access.data() + at + 1, access.data() + access.size(), number);
            if (btf_is_array(type)) {
                id = btf_array(type)->type;
            } else if (btf_is_composite(type) && number < btf_vlen(type)) {
                const btf_member& member = btf_members(type)[number];
                if (const std::string name = text(member.name_off); !name.empty())
                    need.path.push_back(name);
                id = member.type;
            } else {
                break;
            }
            type = resolve(id);
        }
        if (!need.path.empty())
            need.kind = KernelBtf::kind_of(*types_, id);
        return need;
    }

    const btf_type* resolve(std::uint32_t id) const {
        const btf_type* type = btf__type_by_id(types_.get(), id);
        while (type && (btf_is_mod(type) || btf_is_typedef(type)))
            type = btf__type_by_id(types_.get(), type->type);
        return type;
    }

    // Clang leaves references to other sections to libbpf.
    void read_references() {
        for (const auto& [index, section] : sections_)
            if (section.header.sh_type == SHT_REL)
                for (std::size_t at = 0; at < section.bytes.size(); at += sizeof(Elf64_Rel))
                    if (const auto relocation = load<Elf64_Rel>(section.bytes, at))
                        references_.emplace(std::pair{section.header.sh_info, relocation->r_offset},
                                            ELF64_R_SYM(relocation->r_info));
    }

    std::optional<Elf64_Sym> symbol_of(Place instruction) const {
        const auto found = references_.find({instruction.section, instruction.offset});
        if (found == references_.end())
            return std::nullopt;
        return load<Elf64_Sym>(sections_.at(symbols_).bytes, found->second * sizeof(Elf64_Sym));
    }

    void read_instructions(Function& function) {
        const Section& section = sections_.at(function.place.section);
        function.of_kernel = section.name != ".text";
        for (std::uint64_t at = 0; at < function.size; at += sizeof(bpf_insn)) {
            const Place place{function.place.section, function.place.offset + at};
            const auto instruction = load<bpf_insn>(section.bytes, place.offset);
            if (!instruction)
                return;
            if (instruction->code == (BPF_JMP | BPF_CALL) && instruction->src_reg == 0)
                function.helpers.insert(instruction->imm);
            else if (instruction->code == (BPF_JMP | BPF_CALL) && instruction->src_reg == BPF_PSEUDO_CALL)
                add_call(function, place, (std::int64_t{instruction->imm} + 1) * std::int64_t{sizeof(bpf_insn)});
            else if (instruction->code == (BPF_LD | BPF_IMM | BPF_DW))
                add_reference(function, place, instruction->imm);
        }
    }

    // A call of a function in its own section counts from the next instruction, one that has a relocation from the
    // symbol.
    void add_call(Function& function, Place place, std::int64_t distance) {
        const auto symbol = symbol_of(place);
        const Place from = symbol ? Place{symbol->st_shndx, symbol->st_value} : place;
        if (const auto target = function_at({from.section, from.offset + static_cast<std::uint64_t>(distance)}))
            function.calls.insert(*target);
    }

    // The address of a function, for bpf_loop() and others that call it back.
    void add_reference(Function& function, Place place, std::int32_t offset) {
        const auto symbol = symbol_of(place);
        if (!symbol)
            return;
        const auto target = function_at({symbol->st_shndx, symbol->st_value + static_cast<std::uint64_t>(offset)});
        if (target)
            function.calls.insert(*target);
    }

    // With those of the functions that it calls.
    ProgramNeeds needs_of(std::size_t program) const {
        std::set<std::size_t> reached{program};
        std::vector<std::size_t> next{program};
        ProgramNeeds needs;
        std::set<MemberNeed> questions;
        while (!next.empty()) {
            const Function& function = functions_[next.back()];
            next.pop_back();
            needs.members.insert(function.members.begin(), function.members.end());
            needs.helpers.insert(function.helpers.begin(), function.helpers.end());
            questions.insert(function.questions.begin(), function.questions.end());
            for (const std::size_t called : function.calls)
                if (reached.insert(called).second)
                    next.push_back(called);
        }
        std::erase_if(needs.members, [&](const MemberNeed& need) {
            return need.structure.empty() || need.structure.find(type_flavour) != std::string::npos ||
                   std::any_of(questions.begin(), questions.end(), [&](const MemberNeed& question) {
                       return question.structure == need.structure && question.path.size() <= need.path.size() &&
                              std::equal(question.path.begin(), question.path.end(), need.path.begin());
                   });
        });
        return needs;
    }

    struct Section {
        std::string name;
        GElf_Shdr header{};
        std::span<const std::byte> bytes;
    };

    std::span<const std::byte> object_;
    std::unique_ptr<Elf, EndElf> elf_;
    std::unique_ptr<btf, FreeBtf> types_;
    std::map<std::size_t, Section> sections_;
    std::size_t symbols_ = 0; // the section with the symbols
    std::vector<Function> functions_;
    std::map<std::pair<std::size_t, std::uint64_t>, std::size_t> references_; // symbols by section and offset
};

} // namespace

std::string MemberNeed::text() const {
    std::string all = "struct " + structure;
    for (const std::string& name : path)
        all += "." + name;
    return all;
}

Result<std::map<std::string, ProgramNeeds>> read_program_needs(std::span<const std::byte> object) {
    return ObjectReader(object).read();
}

std::string_view helper_name(std::int32_t number) {
#define RS_HELPER_NAME(name) "bpf_" #name
    static constexpr auto names = std::to_array<std::string_view>({__BPF_FUNC_MAPPER(RS_HELPER_NAME)});
#undef RS_HELPER_NAME
    return number >= 0 && static_cast<std::size_t>(number) < names.size() ? names[static_cast<std::size_t>(number)]
                                                                          : "";
}

} // namespace rcuscope
