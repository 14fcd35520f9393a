// SPDX-License-Identifier: BSD-2-Clause
#include "kernel/module_file.hpp"

#include <algorithm>
#include <cstring>
#include <gelf.h>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string_view>

#include "kernel/code.hpp"
#include "kernel/code_memory.hpp"
#include "kernel/function_places.hpp"
#include "kernel/ko_elf.hpp"

namespace rcuscope {

namespace {

// Linkers write build IDs of 20 bytes.
constexpr std::size_t max_build_id_bytes = 64;

// ENDBR64 is the first instruction of a function if the kernel has CONFIG_X86_KERNEL_IBT. An entry probe goes behind
// it.
constexpr unsigned char endbr[] = {0xf3, 0x0f, 0x1e, 0xfa};

// Kernel functions that queue work for after a grace period, wait for one, or keep one from ending, and that are not
// recorded. `call`: the name in the kernel's documentation, which may be a macro.
struct NotFollowed {
    std::string_view symbol;
    const char* call;
};
constexpr NotFollowed not_followed[] = {
    {"call_srcu", "call_srcu()"},
    {"srcu_barrier", "srcu_barrier()"},
    {"synchronize_srcu", "synchronize_srcu()"},
    {"synchronize_srcu_expedited", "synchronize_srcu_expedited()"},
    {"start_poll_synchronize_srcu", "start_poll_synchronize_srcu()"},
    {"__srcu_read_lock", "srcu_read_lock()"},
    {"__srcu_read_lock_nmisafe", "srcu_read_lock_nmisafe()"},
    {"call_rcu_tasks", "call_rcu_tasks()"},
    {"rcu_barrier_tasks", "rcu_barrier_tasks()"},
    {"synchronize_rcu_tasks", "synchronize_rcu_tasks()"},
    {"call_rcu_tasks_rude", "call_rcu_tasks_rude()"},
    {"rcu_barrier_tasks_rude", "rcu_barrier_tasks_rude()"},
    {"synchronize_rcu_tasks_rude", "synchronize_rcu_tasks_rude()"},
    {"call_rcu_tasks_trace", "call_rcu_tasks_trace()"},
    {"rcu_barrier_tasks_trace", "rcu_barrier_tasks_trace()"},
    {"synchronize_rcu_tasks_trace", "synchronize_rcu_tasks_trace()"},
    {"rcu_read_unlock_trace_special", "rcu_read_lock_trace()"},
    {"queue_rcu_work", "queue_rcu_work()"},
    {"flush_rcu_work", "flush_rcu_work()"},
    {"percpu_ref_init", "percpu_ref_init()"},
    {"percpu_ref_kill_and_confirm", "percpu_ref_kill()"},
    {"percpu_ref_switch_to_atomic", "percpu_ref_switch_to_atomic()"},
    {"percpu_ref_switch_to_atomic_sync", "percpu_ref_switch_to_atomic_sync()"},
};

// Kernel functions whose callers are recorded.
constexpr std::string_view followed_targets[] = {
    "call_rcu",    "call_rcu_hurry",    "kvfree_call_rcu", "synchronize_rcu", "synchronize_rcu_expedited",
    "rcu_barrier", "kmem_cache_destroy"};

class Reader {
    using SectionOffset = KoElf::SectionOffset;
    using Section = KoElf::Section;

public:
    explicit Reader(const KoElf& elf) : elf_(elf), sections_(elf.sections()) {
        file_.path = elf.path();
        file_.name = elf.modinfo().name;
        file_.release = elf.modinfo().release;
        layout_.kernel_unloads(elf.modinfo().unloads);
    }

    ModuleFile read() {
        for (const Section& section : sections_)
            if (section.is_code() && section.header.sh_size > 0)
                code_sections_[section.name]++;
        read_build_id();
        read_functions();
        lay_code_out();
        read_traceable();
        elf_.for_each_relocations_of_code(
            [this](const Section& relocations, std::size_t code) { read_sites(relocations, code); });
        file_.leave_readers_out(unseen_families_);
        read_not_followed();
        elf_.for_each_relocations_of_code(
            [this](const Section& relocations, std::size_t code) { read_jumps(relocations, code); });
        read_places();
        for (const Section& section : sections_)
            if (section.is_code() && section.header.sh_size > 0 && !shares_its_name(section))
                file_.code_sections.push_back({section.name, section.header.sh_size});
        return std::move(file_);
    }

private:
    void read_build_id() {
        const Section* section = elf_.section_named(".note.gnu.build-id");
        if (!section)
            return;
        // Elf64_Nhdr, "GNU\0", then the id
        const auto bytes = KoElf::bytes_of(*section);
        GElf_Nhdr note;
        if (bytes.size() < sizeof(note))
            return;
        std::memcpy(&note, bytes.data(), sizeof(note));
        const std::size_t from = sizeof(note) + ((std::size_t{note.n_namesz} + 3) & ~std::size_t{3});
        if (note.n_descsz > max_build_id_bytes)
            return;
        for (std::size_t i = from; i < bytes.size() && i < from + note.n_descsz; i++) {
            constexpr char digits[] = "0123456789abcdef";
            file_.build_id += digits[bytes[i] >> 4];
            file_.build_id += digits[bytes[i] & 15];
        }
    }

    void read_functions() {
        // Counts the symbols of each name: static functions of different files may share a name.
        for (std::size_t i = 0; const auto symbol = elf_.symbol(i); i++)
            if (symbol->st_shndx != SHN_UNDEF)
                bearers_[elf_.name_of(*symbol)]++;
        for (const KoElf::Function& function : elf_.functions()) {
            const Section& section = sections_[function.place.section];
            if (shares_its_name(section))
                continue;
            const std::uint64_t offset = function.place.offset;
            file_.functions.push_back({std::string(function.name), section.name, offset, function.size,
                                       function.name.find(".cold") == std::string_view::npos});
            if (elf_.init_function() == function.place)
                file_.init_function = function.name;
            if (elf_.exit_function() == function.place)
                file_.exit_function = function.name;
            const std::uint64_t end = function.size > std::numeric_limits<std::uint64_t>::max() - offset
                                          ? std::numeric_limits<std::uint64_t>::max()
                                          : offset + function.size;
            const bool first = places_.empty() || places_.back().section != function.place.section;
            reach_.push_back(first ? end : std::max(reach_.back(), end));
            places_.push_back(function.place);
        }
    }

    // The first function that contains the place; functions may overlap.
    const KoFunction* function_at(const SectionOffset& place) const {
        const auto index_of = [this](auto at) { return at - places_.begin(); };
        const auto first = index_of(std::lower_bound(places_.begin(), places_.end(), SectionOffset{place.section, 0}));
        const auto last = index_of(std::upper_bound(places_.begin(), places_.end(), place));
        // The first function whose reach_ exceeds the place is the first one that contains it.
        const auto end = reach_.begin() + last;
        const auto found = std::upper_bound(reach_.begin() + first, end, place.offset);
        return found == end ? nullptr : &file_.functions[static_cast<std::size_t>(found - reach_.begin())];
    }

    void lay_code_out() {
        for (std::size_t i = 0; i < sections_.size(); i++)
            if (const Section& section = sections_[i]; section.is_code())
                layout_.add_section(i, section.name, KoElf::bytes_of(section), section.header.sh_size,
                                    section.header.sh_addralign);
        for (std::size_t i = 1; const auto symbol = elf_.symbol(i); i++) {
            if (symbol->st_shndx != SHN_UNDEF)
                layout_.add_symbol(symbol->st_shndx, elf_.name_of(*symbol), symbol->st_value,
                                   GELF_ST_TYPE(symbol->st_info) == STT_FUNC ? symbol->st_size : 0);
        }
        elf_.for_each_relocations_of_code([this](const Section& relocations, std::size_t code) {
            KoElf::for_each_relocation(relocations, [&](const GElf_Rela& rela) {
                layout_.add_relocation(code, rela.r_offset, GELF_R_TYPE(rela.r_info) == R_X86_64_64 ? 8 : 4);
                if (const auto symbol = elf_.symbol(GELF_R_SYM(rela.r_info));
                    symbol && rela.r_offset > 0 && elf_.name_of(*symbol) == "__x86_return_thunk")
                    thunk_returns_.insert({code, rela.r_offset - 1});
            });
        });
    }

    // kprobe events accept functions that ftrace can trace: those with an entry in this table
    // (kernel/trace/trace_kprobe.c: within_notrace_func()). A part that the compiler split off counts as its function.
    void read_traceable() {
        const std::set<SectionOffset> traced = places_in(".rela__mcount_loc");
        const std::set<SectionOffset> no_kprobe = places_in(".rela_kprobe_blacklist");
        std::set<std::string> traceable;
        for (std::size_t i = 0; i < places_.size(); i++) {
            KoFunction& function = file_.functions[i];
            const auto [section, offset] = places_[i];
            const auto first = traced.lower_bound(places_[i]);
            if (first != traced.end() && first->section == section &&
                first->offset - offset < std::max<std::uint64_t>(function.size, 1))
                traceable.insert(function.name);
            // A probe where ftrace has a call uses ftrace, and the kernel decodes nothing for it.
            const std::uint64_t entry = offset + (begins_with_endbr(places_[i]) ? sizeof(endbr) : 0);
            function.no_kprobe = no_kprobe.contains(places_[i]) || function.section == ".kprobes.text";
            function.ambiguous = bearers_[function.name] > 1;
            const bool ftrace = traced.contains({section, entry});
            traced_.push_back(ftrace ? std::optional(SectionOffset{section, entry}) : std::nullopt);
            function.unsafe = !ftrace && !layout_.takes_probe(section, entry);
            function.entry = probed_code(section, entry, ftrace);
        }
        if (!traced.empty()) // an empty table: built without ftrace, so no function is known to be refused
            for (KoFunction& function : file_.functions)
                function.notrace = !traceable.contains(function.name) && !traceable.contains(family_of(function.name));
    }

    // Nothing if there is no code, or if its location is unknown.
    std::optional<ProbedCode> probed_code(std::size_t section, std::uint64_t offset, bool ftrace = false) const {
        const auto bytes = KoElf::bytes_of(sections_[section]);
        const CodeMemory& memory = layout_.memory_of(section);
        const auto place = memory.place_of(section, offset);
        if (!place || offset >= bytes.size())
            return std::nullopt;
        if (ftrace)
            return ProbedCode{layout_.is_init(section), *place, ProbedCode::of_ftrace, {}};
        std::uint16_t opcode = bytes[offset];
        if (thunk_returns_.contains({section, offset}))
            opcode = ProbedCode::of_return;
        return ProbedCode{layout_.is_init(section), *place, opcode, memory.decoded_to_the_end(section, offset)};
    }

    // Finds the breakpoints that show each function's calls. An exit function that ends with a tail call gets none,
    // because it returns only when the other function does.
    void read_places() {
        if (!elf_.modinfo().preemption ||
            std::none_of(traced_.begin(), traced_.end(), [](const auto& traced) { return traced.has_value(); }))
            return;
        const Code code(elf_);
        const FunctionPlaceFinder finder(code);
        for (std::size_t i = 0; i < places_.size(); i++) {
            KoFunction& function = file_.functions[i];
            // The kernel frees init text while its last callbacks may run, and a breakpoint slows these down more than
            // ftrace does.
            if (!traced_[i] || !function.can_be_entered || function.why_unseen() ||
                function.section.starts_with(".init"))
                continue;
            auto found = finder.find(places_[i], *traced_[i]);
            if (found && !(found->jumps_away && function.name == file_.exit_function))
                take_places(function, places_[i], std::move(*found));
        }
    }

    // Keeps the entry and the leaves only if each of them can be probed.
    void take_places(KoFunction& function, const SectionOffset& begin, FunctionPlaces found) {
        std::vector<std::uint64_t> offsets = found.leaves;
        offsets.insert(offsets.begin(), found.entry);
        std::vector<ProbedCode> codes;
        for (const std::uint64_t in_function : offsets) {
            const std::uint64_t offset = begin.offset + in_function;
            const auto code = probed_code(begin.section, offset);
            if (!code || why_no_probe_in(function, begin.section, offset))
                return;
            codes.push_back(*code);
        }
        function.places = std::move(found);
        function.code_of_places = std::move(codes);
    }

    // The places in a table of code addresses.
    std::set<SectionOffset> places_in(std::string_view relocations) const {
        std::set<SectionOffset> places;
        if (const Section* table = elf_.section_named(relocations))
            KoElf::for_each_relocation(*table, [&](const GElf_Rela& rela) {
                if (const auto symbol = elf_.symbol(GELF_R_SYM(rela.r_info)))
                    places.insert({symbol->st_shndx, symbol->st_value + static_cast<std::uint64_t>(rela.r_addend)});
            });
        return places;
    }

    bool begins_with_endbr(const SectionOffset& place) const {
        const auto bytes = KoElf::bytes_of(sections_[place.section]);
        return place.offset <= bytes.size() && bytes.size() - place.offset >= sizeof(endbr) &&
               std::equal(std::begin(endbr), std::end(endbr),
                          bytes.begin() + static_cast<std::ptrdiff_t>(place.offset));
    }

    // A recorded address does not tell two sections of the same name apart.
    bool shares_its_name(const Section& section) const {
        const auto found = code_sections_.find(section.name);
        return found != code_sections_.end() && found->second > 1;
    }

    void unusable(const std::string& section, std::uint64_t offset, const std::string& why) {
        if (file_.unusable_sites++ == 0)
            file_.unusable_example = section + "+" + std::to_string(offset) + ": " + why;
    }

    void read_sites(const Section& relocations, std::size_t section) {
        const Section& code = sections_[section];
        const auto bytes = KoElf::bytes_of(code);
        std::set<std::pair<std::uint64_t, bool>> sites; // offset of the instruction in the section, lock
        KoElf::for_each_relocation(relocations, [&](const GElf_Rela& rela) {
            const auto symbol = elf_.symbol(GELF_R_SYM(rela.r_info));
            const std::string_view name = symbol ? elf_.name_of(*symbol) : std::string_view();
            const bool lock = name == "__rcu_read_lock";
            if (!lock && name != "__rcu_read_unlock")
                return;
            // The opcode is the byte before the 32-bit distance: call, or jmp for a tail call.
            const std::uint64_t type = GELF_R_TYPE(rela.r_info);
            const bool distance = type == R_X86_64_PLT32 || type == R_X86_64_PC32;
            // A conditional jump (0f 8x) may not be taken, and loading the address calls nothing.
            const bool plain = distance && rela.r_offset >= 1 && rela.r_offset < bytes.size() &&
                               (bytes[rela.r_offset - 1] == 0xe8 || bytes[rela.r_offset - 1] == 0xe9);
            if (plain)
                sites.emplace(rela.r_offset - 1, lock);
            else
                unusable(code.name, rela.r_offset, "neither a call nor a jump");
        });
        for (const auto& [offset, lock] : sites) {
            const KoFunction* const holder = function_at({section, offset});
            if (shares_its_name(code))
                unusable(code.name, offset, "in one of several sections of that name");
            else if (!holder)
                unusable(code.name, offset, "in no function");
            else if (holder->notrace)
                unusable(code.name, offset, holder->name + " is notrace: " + holder->why_notrace());
            else if (holder->ambiguous) // the kernel could choose any of them
                unusable(code.name, offset, holder->name + " is the name of several functions");
            else {
                file_.read_sites.push_back(
                    {lock, holder->name, offset - holder->offset, probed_code(section, offset).value_or(ProbedCode())});
                // The kernel looks up the symbol before the site in ftrace's table, and that symbol may be a label.
                if (const char* why = why_no_probe_in(*holder, section, offset))
                    unseen_families_.emplace(family_of(holder->name), why);
            }
        }
    }

    // nullptr if that offset of the section can be probed.
    const char* why_no_probe_in(const KoFunction& holder, std::size_t section, std::uint64_t offset) {
        return holder.no_kprobe ? holder.why_unseen()
               : layout_.symbol_before(section, offset) != holder.offset
                   ? "the kernel finds its instructions by another symbol"
               : !layout_.takes_probe(section, offset) ? unsafe_probe
                                                       : nullptr;
    }

    void read_jumps(const Section& relocations, std::size_t section) {
        const Section& code = sections_[section];
        const auto bytes = KoElf::bytes_of(code);
        std::map<std::uint64_t, std::string> jumps; // by offset of the instruction in the section
        KoElf::for_each_relocation(relocations, [&](const GElf_Rela& rela) {
            const auto symbol = elf_.symbol(GELF_R_SYM(rela.r_info));
            const std::uint64_t type = GELF_R_TYPE(rela.r_info);
            if (!symbol || symbol->st_shndx != SHN_UNDEF || (type != R_X86_64_PLT32 && type != R_X86_64_PC32) ||
                rela.r_offset < 1 || rela.r_offset >= bytes.size())
                return;
            const std::string_view name = elf_.name_of(*symbol);
            if (std::find(std::begin(followed_targets), std::end(followed_targets), name) !=
                    std::end(followed_targets) &&
                bytes[rela.r_offset - 1] == 0xe9)
                jumps.emplace(rela.r_offset - 1, name);
        });
        for (auto& [offset, target] : jumps) {
            const KoFunction* const holder = function_at({section, offset});
            KoJump jump{.function = {},
                        .offset = offset,
                        .target = std::move(target),
                        .why_unseen = {},
                        .code = probed_code(section, offset).value_or(ProbedCode())};
            if (shares_its_name(code)) {
                jump.why_unseen = "it is in one of several sections of that name";
            } else if (!holder) {
                jump.why_unseen = "it is in no function that has a symbol";
            } else {
                jump.function = holder->name;
                jump.offset = offset - holder->offset;
                const char* why = holder->notrace || holder->ambiguous ? holder->why_unseen()
                                                                       : why_no_probe_in(*holder, section, offset);
                jump.why_unseen = why ? why : "";
            }
            file_.jumps.push_back(std::move(jump));
        }
    }

    void read_not_followed() {
        std::set<std::string_view> imported;
        for (std::size_t i = 1; const auto symbol = elf_.symbol(i); i++)
            if (symbol->st_shndx == SHN_UNDEF)
                imported.insert(elf_.name_of(*symbol));
        for (const NotFollowed& function : not_followed)
            if (imported.contains(function.symbol))
                file_.not_followed.emplace_back(function.call);
    }

    const KoElf& elf_;
    const std::vector<Section>& sections_;
    std::map<std::string, unsigned> code_sections_;    // by name: their number
    std::map<std::string_view, unsigned> bearers_;     // number of symbols, by name in the string table
    std::vector<SectionOffset> places_;                // of file_.functions
    std::set<SectionOffset> thunk_returns_;            // jumps to __x86_return_thunk
    std::vector<std::optional<SectionOffset>> traced_; // of file_.functions: the ftrace call
    std::vector<std::uint64_t> reach_;                 // the farthest end of any function of the section up to this one
    CodeLayout layout_;
    std::map<std::string, const char*> unseen_families_; // functions whose sites are left out, and why
    ModuleFile file_;
};

} // namespace

std::string family_of(const std::string& function) {
    return function.substr(0, function.find('.'));
}

const char* KoFunction::why_unseen() const {
    return notrace     ? "it is notrace"
           : no_kprobe ? "its module forbids kprobes in it (NOKPROBE_SYMBOL)"
           : ambiguous ? "several functions have that name"
           : unsafe    ? unsafe_probe
                       : conflict;
}

// __exit, inline and noinstr imply notrace (include/linux/init.h, compiler_types.h).
const char* KoFunction::why_notrace() const {
    return section.starts_with(".exit.text")      ? "__exit implies it"
           : section.starts_with(".noinstr.text") ? "noinstr implies it"
                                                  : "marked notrace or inline, or written in assembly";
}

void ModuleFile::leave_readers_out(const std::map<std::string, const char*>& families) {
    std::set<std::string> told;
    std::erase_if(read_sites, [&](const KoReadSite& site) {
        const auto family = families.find(family_of(site.function));
        if (family == families.end())
            return false;
        if (told.insert(site.function).second)
            unseen_readers.push_back({site.function, family->second});
        return true;
    });
}

Result<ModuleFile> read_module_file(const std::string& path) {
    return KoElf::open(path).map([](const KoElf& elf) { return Reader(elf).read(); });
}

} // namespace rcuscope
