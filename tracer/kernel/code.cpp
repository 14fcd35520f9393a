// SPDX-License-Identifier: BSD-2-Clause
#include "kernel/code.hpp"

#include <Zydis/Zydis.h>
#include <algorithm>
#include <array>
#include <cstring>

namespace rcuscope {

namespace {

constexpr std::uint64_t distance_size = 4; // bytes of the distance of a relocated call or jump

bool starts_with_any(std::string_view text, std::initializer_list<std::string_view> prefixes) {
    return std::any_of(
        prefixes.begin(), prefixes.end(), [&](std::string_view p) { return text.starts_with(p); });
}

// Functions that do not return to their caller.
bool never_returns(std::string_view name) {
    constexpr std::array<std::string_view, 12> names{"__stack_chk_fail",
                                                     "panic",
                                                     "fortify_panic",
                                                     "__fortify_panic",
                                                     "do_exit",
                                                     "make_task_dead",
                                                     "kthread_exit",
                                                     "kthread_complete_and_exit",
                                                     "__module_put_and_kthread_exit",
                                                     "usercopy_abort",
                                                     "nmi_panic",
                                                     "__ubsan_handle_builtin_unreachable"};
    return std::find(names.begin(), names.end(), name) != names.end();
}

// Retpolines: the compiler emits a call of one of these functions instead of a call through a pointer.
bool is_indirect_thunk(std::string_view name) {
    return starts_with_any(name, {"__x86_indirect_thunk_", "__x86_indirect_call_thunk_", "__x86_indirect_jump_thunk_"});
}

// Data sections in which the module itself stores pointers to functions. Other sections hold tables about its code,
// made by the compiler or objtool.
bool holds_objects(std::string_view name) {
    return starts_with_any(name, {".data", ".rodata", ".init.data", ".init.rodata", ".exit.data", ".ref.data",
                                  "__tracepoints", "__param", "_ftrace_events", "__bpf_raw_tp_map", ".altinstr_aux"});
}

const ZydisDecoder& decoder() {
    static const ZydisDecoder made = [] {
        ZydisDecoder decoder;
        ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
        return decoder;
    }();
    return made;
}

std::uint32_t number_at(std::span<const unsigned char> bytes, std::size_t offset, std::size_t size) {
    std::uint32_t value = 0;
    if (offset <= bytes.size() && bytes.size() - offset >= size)
        std::memcpy(&value, bytes.data() + offset, size);
    return value;
}

} // namespace

Code::Code(const KoElf& elf) : elf_(elf), relocations_(elf.sections().size()), takers_(elf.sections().size()) {
    functions_.reserve(elf.functions().size());
    for (const KoElf::Function& function : elf.functions()) {
        Function made;
        made.name = function.name;
        made.place = function.place;
        made.size = function.size;
        made.split_off = function.name.find(".cold") != std::string_view::npos;
        functions_.push_back(made);
    }
    // Symbols from assembly may have no size. Such a function reaches to the next symbol or to the end of the section.
    for (std::size_t i = 0; i < functions_.size(); i++) {
        Function& function = functions_[i];
        const auto& section = elf.sections()[function.place.section];
        const bool last = i + 1 == functions_.size() || functions_[i + 1].place.section != function.place.section;
        const std::uint64_t end = last ? section.header.sh_size : functions_[i + 1].place.offset;
        const std::uint64_t room = end > function.place.offset ? end - function.place.offset : 0;
        function.size = function.size == 0 ? room : std::min(function.size, room);
    }
    decoded_.resize(functions_.size());
    for (std::size_t i = 1; const auto symbol = elf.symbol(i); i++)
        if (symbol->st_shndx == SHN_UNDEF)
            imports_.insert(elf.name_of(*symbol));
    read_relocations();
    read_warnings();
    read_static_branches();
    read_objects();
    mark_addresses_taken();
}

std::string_view Code::external(std::uint32_t number) const {
    const auto symbol = elf_.symbol(number);
    return symbol ? elf_.name_of(*symbol) : std::string_view();
}

CodeRef Code::resolve(const GElf_Rela& rela) const {
    const std::size_t number = GELF_R_SYM(rela.r_info);
    const auto symbol = elf_.symbol(number);
    if (!symbol)
        return {};
    if (symbol->st_shndx == SHN_UNDEF)
        return {CodeRef::Kind::external, static_cast<std::uint32_t>(number), rela.r_addend};
    if (symbol->st_shndx >= elf_.sections().size())
        return {};
    // Unsigned, because the numbers of a hostile file may overflow.
    const std::uint64_t offset = symbol->st_value + static_cast<std::uint64_t>(rela.r_addend);
    return {CodeRef::Kind::place, symbol->st_shndx, static_cast<std::int64_t>(offset)};
}

void Code::read_relocations() {
    const auto& sections = elf_.sections();
    for (const KoElf::Section& section : sections) {
        if (section.header.sh_type != SHT_RELA || section.header.sh_info >= sections.size())
            continue;
        const std::size_t of = section.header.sh_info;
        if (sections[of].is_code())
            KoElf::for_each_relocation(section, [&](const GElf_Rela& rela) {
                const std::uint64_t type = GELF_R_TYPE(rela.r_info);
                relocations_[of].push_back(
                    {rela.r_offset, resolve(rela), type == R_X86_64_PC32 || type == R_X86_64_PLT32});
            });
        else if (holds_objects(sections[of].name))
            read_data(section, of);
        else if (sections[of].name.starts_with("__ksymtab"))
            KoElf::for_each_relocation(section, [&](const GElf_Rela& rela) {
                if (const auto function = function_beginning(resolve(rela)))
                    functions_[*function].exported = true;
            });
    }
    for (auto& of_section : relocations_)
        std::sort(
            of_section.begin(), of_section.end(),
            [](const Relocation& a, const Relocation& b) { return a.offset < b.offset; });
    std::sort(data_pointers_.begin(), data_pointers_.end(),
              [](const DataPointer& a, const DataPointer& b) { return a.at < b.at; });
}

void Code::read_data(const KoElf::Section& relocations, std::size_t section) {
    KoElf::for_each_relocation(
        relocations,
        [&](const GElf_Rela& rela) {
            const CodeRef ref = resolve(rela);
            if (ref.is_place() && elf_.sections()[ref.number].name == ".gnu.linkonce.this_module")
                owner_pointers_.insert({section, rela.r_offset});
            const auto function = function_beginning(ref);
            if (!function)
                return;
            functions_[*function].address_taken = true;
            data_pointers_.push_back({{section, rela.r_offset}, *function});
        });
}

// struct bug_entry with relative pointers: the ud2, the file, the line and flags. Execution continues after a warning.
void Code::read_warnings() {
    constexpr std::uint64_t entry_size = 12;
    constexpr std::uint64_t flags_offset = 10;
    constexpr std::uint32_t flag_warning = 1;
    const KoElf::Section* table = elf_.section_named("__bug_table");
    const KoElf::Section* relocations = elf_.section_named(".rela__bug_table");
    if (!table || !relocations)
        return;
    const auto bytes = KoElf::bytes_of(*table);
    KoElf::for_each_relocation(*relocations, [&](const GElf_Rela& rela) {
        const CodeRef ref = resolve(rela);
        if (rela.r_offset % entry_size == 0 && ref.is_place() &&
            (number_at(bytes, rela.r_offset + flags_offset, 2) & flag_warning))
            warnings_.insert({ref.number, static_cast<std::uint64_t>(ref.offset)});
    });
}

// struct jump_entry: the address of the no-op or jump, and the jump's target.
void Code::read_static_branches() {
    constexpr std::uint64_t entry_size = 16;
    constexpr std::uint64_t target_offset = 4;
    const KoElf::Section* relocations = elf_.section_named(".rela__jump_table");
    if (!relocations)
        return;
    std::map<std::uint64_t, KoElf::SectionOffset> from;
    std::map<std::uint64_t, KoElf::SectionOffset> to;
    KoElf::for_each_relocation(*relocations, [&](const GElf_Rela& rela) {
        const CodeRef ref = resolve(rela);
        if (!ref.is_place())
            return;
        const std::uint64_t field = rela.r_offset % entry_size;
        if (field == 0)
            from[rela.r_offset / entry_size] = {ref.number, static_cast<std::uint64_t>(ref.offset)};
        else if (field == target_offset)
            to[rela.r_offset / entry_size] = {ref.number, static_cast<std::uint64_t>(ref.offset)};
    });
    for (const auto& [entry, place] : from)
        if (const auto target = to.find(entry); target != to.end())
            static_branches_[place] = target->second;
}

void Code::read_objects() {
    for (std::size_t i = 1; const auto symbol = elf_.symbol(i); i++)
        if (GELF_ST_TYPE(symbol->st_info) == STT_OBJECT && symbol->st_shndx != SHN_UNDEF &&
            symbol->st_shndx < elf_.sections().size()) {
            const KoElf::SectionOffset place{symbol->st_shndx, symbol->st_value};
            objects_.try_emplace(place, Object{place, symbol->st_size, elf_.name_of(*symbol)});
        }
}

bool Code::names_its_owner(const KoElf::SectionOffset& place) const {
    const auto object = object_at(place);
    if (!object)
        return false;
    const auto pointer = owner_pointers_.lower_bound(object->place);
    return pointer != owner_pointers_.end() && pointer->section == object->place.section &&
           pointer->offset - object->place.offset < object->size;
}

std::optional<Code::Object> Code::object_at(const KoElf::SectionOffset& place) const {
    const auto next = objects_.upper_bound(place);
    if (next == objects_.begin())
        return std::nullopt;
    const Object& object = std::prev(next)->second;
    if (object.place.section != place.section ||
        place.offset - object.place.offset >= std::max<std::uint64_t>(object.size, 1))
        return std::nullopt;
    return object;
}

// The size of a call's or jump's opcode: e8 and e9 have 1 byte, 0f 8x has 2. 0 for other instructions.
std::uint64_t Code::opcode_size(std::size_t section, const Relocation& relocation) const {
    const auto code = KoElf::bytes_of(elf_.sections()[section]);
    if (!relocation.distance || relocation.offset < 1 || relocation.offset > code.size())
        return 0;
    const unsigned char before = code[relocation.offset - 1];
    if (before == 0xe8 || before == 0xe9)
        return 1;
    return relocation.offset >= 2 && code[relocation.offset - 2] == 0x0f && (before & 0xf0) == 0x80 ? 2 : 0;
}

void Code::mark_addresses_taken() {
    for (std::size_t section = 0; section < relocations_.size(); section++)
        for (const Relocation& relocation : relocations_[section]) {
            if (const std::uint64_t opcode = opcode_size(section, relocation)) {
                const std::uint64_t place = relocation.offset - opcode;
                if (relocation.ref.is_external())
                    external_calls_.push_back(
                        {{section, place}, relocation.ref.number, *bytes({section, place}).begin() != 0xe8});
                continue;
            }
            if (!relocation.ref.is_place())
                continue;
            CodeRef ref = relocation.ref;
            if (relocation.distance) // a lea, which ends with the distance
                ref.offset = static_cast<std::int64_t>(static_cast<std::uint64_t>(ref.offset) + distance_size);
            if (const auto function = function_beginning(ref)) {
                functions_[*function].address_taken = true;
                takers_[section].push_back(relocation.offset);
            }
        }
}

std::size_t Code::whole_of(std::size_t part) const {
    if (!functions_[part].split_off)
        return part;
    const auto [known, fresh] = wholes_.try_emplace(part, part);
    if (!fresh)
        return known->second;
    const Function& of = functions_[part];
    const std::string_view name = of.name.substr(0, of.name.find(".cold"));
    // Several functions may have this name. The one that jumps to the part is taken.
    const auto jumps_there = [&](std::size_t function) {
        const auto& all = instructions(function);
        return std::any_of(all.begin(), all.end(), [&](const Instruction86& instruction) {
            return (instruction.flow == Flow::jump || instruction.flow == Flow::branch) &&
                   function_at(instruction.target) == part;
        });
    };
    for (std::size_t i = 0; i < functions_.size(); i++)
        if (functions_[i].name == name && !functions_[i].split_off && (known->second == part || jumps_there(i)))
            known->second = i;
    return known->second;
}

std::optional<std::size_t> Code::function_at(const KoElf::SectionOffset& place) const {
    const auto next = std::upper_bound(functions_.begin(), functions_.end(), place,
                                       [](const KoElf::SectionOffset& at, const Function& f) { return at < f.place; });
    if (next == functions_.begin())
        return std::nullopt;
    const Function& function = *std::prev(next);
    if (function.place.section != place.section || place.offset - function.place.offset >= function.size)
        return std::nullopt;
    return static_cast<std::size_t>(std::prev(next) - functions_.begin());
}

std::optional<std::size_t> Code::function_at(const CodeRef& ref) const {
    if (!ref.is_place() || ref.offset < 0)
        return std::nullopt;
    return function_at(KoElf::SectionOffset{ref.number, static_cast<std::uint64_t>(ref.offset)});
}

std::optional<std::size_t> Code::function_beginning(const CodeRef& ref) const {
    const auto function = function_at(ref);
    if (!function || functions_[*function].place.offset != static_cast<std::uint64_t>(ref.offset))
        return std::nullopt;
    return function;
}

std::span<const unsigned char> Code::bytes(const KoElf::SectionOffset& place) const {
    const auto code = KoElf::bytes_of(elf_.sections()[place.section]);
    return place.offset < code.size() ? code.subspan(place.offset) : std::span<const unsigned char>();
}

CodeRef Code::ref_at(std::size_t section, std::uint64_t from, std::uint64_t until, std::uint64_t end) const {
    const auto& all = relocations_[section];
    const auto found = std::lower_bound(all.begin(), all.end(), from,
                                        [](const Relocation& r, std::uint64_t at) { return r.offset < at; });
    if (found == all.end() || found->offset >= until)
        return {};
    CodeRef ref = found->ref;
    if (found->distance && ref.is_place())
        ref.offset = static_cast<std::int64_t>(static_cast<std::uint64_t>(ref.offset) + (end - found->offset));
    return ref;
}

bool Code::refers_to_own_functions(std::size_t function) const {
    const KoElf::SectionOffset from = functions_[function].place;
    const auto& all = takers_[from.section];
    const auto found = std::lower_bound(all.begin(), all.end(), from.offset);
    return found != all.end() && *found - from.offset < functions_[function].size;
}

std::vector<Instruction86> Code::decode(const Function& function) const {
    std::vector<Instruction86> instructions;
    const std::size_t section = function.place.section;
    const auto code = bytes(function.place).first(std::min<std::size_t>(bytes(function.place).size(), function.size));
    ZydisDecoderContext context;
    ZydisDecodedInstruction decoded;
    for (std::size_t at = 0; at < code.size();) {
        if (!ZYAN_SUCCESS(
                ZydisDecoderDecodeInstruction(&decoder(), &context, code.data() + at, code.size() - at, &decoded)))
            break;
        Instruction86 made;
        const std::uint64_t begin = function.place.offset + at;
        made.offset = static_cast<std::uint32_t>(begin);
        made.size = decoded.length;
        const bool direct = decoded.raw.imm[0].size > 0 && decoded.raw.imm[0].is_relative;
        if (direct) {
            const std::uint64_t field = begin + decoded.raw.imm[0].offset;
            made.target = ref_at(section, field, field + decoded.raw.imm[0].size / 8, begin + decoded.length);
            if (made.target.kind == CodeRef::Kind::none)
                made.target = {CodeRef::Kind::place, static_cast<std::uint32_t>(section),
                               static_cast<std::int64_t>(begin + decoded.length) + decoded.raw.imm[0].value.s};
        }
        const std::string_view name = external(made.target);
        switch (decoded.meta.category) {
        case ZYDIS_CATEGORY_CALL:
            // __fentry__ keeps all registers, so this call counts as an ordinary instruction.
            made.flow = name == "__fentry__"                 ? Flow::next
                        : !direct || is_indirect_thunk(name) ? Flow::indirect_call
                        : never_returns(name)                ? Flow::stop
                                                             : Flow::call;
            break;
        case ZYDIS_CATEGORY_UNCOND_BR:
            made.flow = !direct || is_indirect_thunk(name) ? Flow::indirect_jump
                        : name == "__x86_return_thunk"     ? Flow::ret
                        : never_returns(name)              ? Flow::stop
                                                           : Flow::jump;
            break;
        case ZYDIS_CATEGORY_COND_BR:
            made.flow = Flow::branch;
            break;
        case ZYDIS_CATEGORY_RET:
            made.flow = Flow::ret;
            break;
        default:
            if (decoded.mnemonic == ZYDIS_MNEMONIC_INT3 ||
                ((decoded.mnemonic == ZYDIS_MNEMONIC_UD2 || decoded.mnemonic == ZYDIS_MNEMONIC_UD1 ||
                  decoded.mnemonic == ZYDIS_MNEMONIC_UD0) &&
                 !warnings_.contains({section, begin})))
                made.flow = Flow::stop;
        }
        if (made.flow == Flow::next || made.flow == Flow::indirect_call || made.flow == Flow::indirect_jump)
            made.target = {};
        instructions.push_back(made);
        at += decoded.length;
    }
    return instructions;
}

const std::vector<Instruction86>& Code::instructions(std::size_t function) const {
    if (!decoded_[function])
        decoded_[function] = decode(functions_[function]);
    return *decoded_[function];
}

const Instruction86* Code::instruction_at(const KoElf::SectionOffset& place) const {
    const auto function = function_at(place);
    if (!function)
        return nullptr;
    const auto& all = instructions(*function);
    const auto found = std::lower_bound(all.begin(), all.end(), place.offset,
                                        [](const Instruction86& i, std::uint64_t at) { return i.offset < at; });
    return found == all.end() || found->offset != place.offset ? nullptr : &*found;
}

// A jump to the beginning of another function is a tail call: that function returns to the caller of this one.
bool Code::is_tail_call(std::size_t section, const Instruction86& instruction) const {
    if (!instruction.target.is_place())
        return true;
    const auto to = function_beginning(instruction.target);
    return to && !functions_[*to].split_off && to != function_at(KoElf::SectionOffset{section, instruction.offset});
}

Code::Next Code::after(std::size_t section, const Instruction86& instruction) const {
    Next next;
    const auto go = [&](const KoElf::SectionOffset& place) { next.places[next.count++] = place; };
    const KoElf::SectionOffset here{section, instruction.offset};
    const KoElf::SectionOffset following{section, std::uint64_t{instruction.offset} + instruction.size};
    switch (instruction.flow) {
    case Flow::next:
    case Flow::call:
    case Flow::indirect_call:
        go(following);
        break;
    case Flow::branch:
    case Flow::jump:
        if (instruction.flow == Flow::branch)
            go(following);
        if (is_tail_call(section, instruction)) {
            next.returns = true;
            next.tail = instruction.target;
        } else {
            go({instruction.target.number, static_cast<std::uint64_t>(instruction.target.offset)});
        }
        break;
    case Flow::indirect_jump:
        next.returns = true;
        next.indirect_tail = true;
        break;
    case Flow::ret:
        next.returns = true;
        break;
    case Flow::stop:
        break;
    }
    if (const auto patched = static_branches_.find(here); patched != static_branches_.end()) {
        if (instruction.flow == Flow::jump && next.count == 1)
            go(following);
        else if (next.count < std::size(next.places))
            go(patched->second);
    }
    return next;
}

const std::vector<Code::CallSite>& Code::callers_of(std::size_t function) const {
    if (!callers_)
        index_callers();
    return (*callers_)[function];
}

void Code::index_callers() const {
    callers_.emplace(functions_.size());
    for (std::size_t i = 0; i < functions_.size(); i++) {
        const std::size_t section = functions_[i].place.section;
        for (const Instruction86& instruction : instructions(i)) {
            const bool calls = instruction.flow == Flow::call ||
                               ((instruction.flow == Flow::jump || instruction.flow == Flow::branch) &&
                                is_tail_call(section, instruction));
            if (!calls)
                continue;
            if (const auto called = function_beginning(instruction.target))
                (*callers_)[*called].push_back({whole_of(i), {section, instruction.offset}});
        }
    }
}

} // namespace rcuscope
