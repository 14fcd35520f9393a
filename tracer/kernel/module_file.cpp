// SPDX-License-Identifier: BSD-2-Clause
#include "kernel/module_file.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <gelf.h>
#include <libelf.h>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.hpp"
#include "base/text.hpp"
#include "kernel/code_memory.hpp"
#include "kernel/kernel_name.hpp"

namespace rcuscope {

namespace {

// MODULE_NAME_LEN of 64-bit kernels, and the size of utsname's fields, both without the zero at the end.
constexpr std::size_t longest_module_name = 55;
constexpr std::size_t longest_release = 64;
// A linker's build ID has 20 bytes.
constexpr std::size_t most_build_id_bytes = 64;

struct ElfCloser {
    void operator()(Elf* elf) const { elf_end(elf); }
};

struct Section {
    Elf_Scn* scn = nullptr;
    GElf_Shdr header{};
    std::string name;

    bool is_code() const { return (header.sh_flags & SHF_ALLOC) && (header.sh_flags & SHF_EXECINSTR); }
};

std::span<const unsigned char> bytes_of(const Section& section) {
    const Elf_Data* data = elf_getdata(section.scn, nullptr);
    if (!data || !data->d_buf || section.header.sh_type == SHT_NOBITS)
        return {};
    return {static_cast<const unsigned char*>(data->d_buf), data->d_size};
}

// ENDBR64, which a function begins with where the kernel has CONFIG_X86_KERNEL_IBT. A probe at the entry is behind it.
constexpr unsigned char endbr[] = {0xf3, 0x0f, 0x1e, 0xfa};

// A recording tells no more of a section's name than that (bpf/wire.h), and knows sections by their names.
constexpr std::size_t longest_name = 31;

// "read" of "read.part.0" and "read.cold"
std::string family_of(const std::string& function) {
    return function.substr(0, function.find('.'));
}

bool starts_with_any(std::string_view text, std::initializer_list<std::string_view> prefixes) {
    return std::any_of(prefixes.begin(), prefixes.end(), [&](std::string_view p) { return text.starts_with(p); });
}

// What the compiler and kbuild add besides functions: padding before functions
// (CONFIG_FUNCTION_PADDING) and type hashes (CONFIG_CFI_CLANG).
bool is_artifact(std::string_view name) {
    return name.empty() || starts_with_any(name, {"__pfx_", "__cfi_"});
}

class Reader {
    using Place = std::pair<std::size_t, std::uint64_t>; // section, offset in it

public:
    explicit Reader(std::string path) : path_(std::move(path)) { file_.path = path_; }

    Result<ModuleFile> read() {
        if (auto opened = open(); !opened)
            return tl::unexpected(opened.error());
        if (auto read = read_sections(); !read)
            return tl::unexpected(read.error());
        read_modinfo();
        read_build_id();
        if (auto known = check_modinfo(); !known)
            return tl::unexpected(known.error());
        if (auto read = read_functions(); !read)
            return tl::unexpected(read.error());
        lay_code_out();
        read_traceable();
        for_each_relocations_of_code(
            [this](const Section& relocations, std::size_t code) { read_sites(relocations, code); });
        leave_unseen_out();
        return std::move(file_);
    }

private:
    tl::unexpected<Error> not_a_module(std::string why, std::string hint = {}) const {
        return fail(ExitCode::bad_input, "cannot use " + path_ + " as a kernel module", std::move(why),
                    std::move(hint));
    }

    Status open() {
        fd_ = Fd(::open(path_.c_str(), O_RDONLY | O_CLOEXEC));
        if (!fd_)
            return fail(ExitCode::bad_input, "cannot read " + path_, errno_text(errno),
                        "name the module's .ko file, as for insmod");
        elf_version(EV_CURRENT);
        elf_.reset(elf_begin(fd_.get(), ELF_C_READ, nullptr));
        if (!elf_ || elf_kind(elf_.get()) != ELF_K_ELF) {
            for (const auto& [ending, tool] : {std::pair{".xz", "xz"}, {".zst", "zstd"}, {".gz", "gzip"}})
                if (path_.ends_with(ending))
                    return not_a_module("it is compressed",
                                        std::string("decompress a copy first: ") + tool + " -dk " + path_);
            return not_a_module("it is not an ELF file");
        }
        GElf_Ehdr header;
        if (!gelf_getehdr(elf_.get(), &header) || header.e_type != ET_REL || header.e_machine != EM_X86_64)
            return not_a_module("it is not a relocatable x86-64 object");
        return {};
    }

    // The file's size bounds everything read further on, however often its parts are named: no byte of it lies in two
    // sections.
    Status read_sections() {
        struct stat of_file {};
        std::size_t count = 0;
        std::size_t names = 0;
        if (::fstat(fd_.get(), &of_file) != 0 || elf_getshdrnum(elf_.get(), &count) ||
            elf_getshdrstrndx(elf_.get(), &names))
            return not_a_module("its table of sections is damaged");
        auto left = static_cast<std::uint64_t>(of_file.st_size);
        for (std::size_t i = 0; i < count; i++) {
            Section section;
            section.scn = elf_getscn(elf_.get(), i);
            if (!section.scn || !gelf_getshdr(section.scn, &section.header))
                return not_a_module("its table of sections is damaged");
            const bool has_bytes = section.header.sh_type != SHT_NULL && section.header.sh_type != SHT_NOBITS;
            if (has_bytes && section.header.sh_size > left)
                return not_a_module("its sections are larger than the file: they overlap, or reach beyond its end");
            left -= has_bytes ? section.header.sh_size : 0;
            section.name = name_in(names, section.header.sh_name).substr(0, longest_name);
            if (section.is_code() && section.header.sh_size > 0)
                code_sections_[section.name]++;
            sections_.push_back(std::move(section));
        }
        return {};
    }

    // A longer name is cut to its first KernelName::longest + 1 bytes, which are no valid name.
    std::string_view name_in(std::size_t strings, std::size_t offset) const {
        const char* text = elf_strptr(elf_.get(), strings, offset);
        return text ? std::string_view(text, ::strnlen(text, KernelName::longest + 1)) : std::string_view();
    }

    const Section* section_named(std::string_view name) const {
        auto found = std::find_if(sections_.begin(), sections_.end(), [&](const Section& s) { return s.name == name; });
        return found == sections_.end() ? nullptr : &*found;
    }

    void read_modinfo() {
        const Section* section = section_named(".modinfo");
        if (!section)
            return;
        const auto bytes = bytes_of(*section);
        std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
        while (!text.empty()) {
            const std::string_view entry = text.substr(0, text.find('\0'));
            text.remove_prefix(std::min(text.size(), entry.size() + 1));
            if (entry.starts_with("name="))
                file_.name = entry.substr(5);
            else if (entry.starts_with("vermagic=")) {
                file_.release = entry.substr(9, entry.find(' ') == std::string_view::npos ? std::string_view::npos
                                                                                          : entry.find(' ') - 9);
                layout_.kernel_unloads(entry.find(" mod_unload") != std::string_view::npos);
            }
        }
    }

    // The module's name goes into the kernel's files, and into paths below /sys.
    Status check_modinfo() const {
        if (file_.name.empty() || file_.release.empty())
            return not_a_module("it has no module information (.modinfo)");
        if (file_.name.size() > longest_module_name || file_.name.front() == '.' || !KernelName::of(file_.name))
            return not_a_module("it calls itself \"" + printable(file_.name.substr(0, longest_module_name)) +
                                "\", which no module can be called: " + KernelName::rule + ", " +
                                std::to_string(longest_module_name) + " at most");
        if (file_.release.size() > longest_release)
            return not_a_module("its vermagic names no kernel: a release has no more than " +
                                std::to_string(longest_release) + " bytes");
        return {};
    }

    void read_build_id() {
        const Section* section = section_named(".note.gnu.build-id");
        if (!section)
            return;
        // Elf64_Nhdr, "GNU\0", then the id
        const auto bytes = bytes_of(*section);
        GElf_Nhdr note;
        if (bytes.size() < sizeof(note))
            return;
        std::memcpy(&note, bytes.data(), sizeof(note));
        const std::size_t from = sizeof(note) + ((std::size_t{note.n_namesz} + 3) & ~std::size_t{3});
        if (note.n_descsz > most_build_id_bytes)
            return;
        for (std::size_t i = from; i < bytes.size() && i < from + note.n_descsz; i++) {
            constexpr char digits[] = "0123456789abcdef";
            file_.build_id += digits[bytes[i] >> 4];
            file_.build_id += digits[bytes[i] & 15];
        }
    }

    // Names of functions, and how many symbols have them: a static function's name may be another file's, too.
    Status read_functions() {
        std::map<Place, KoFunction> by_place;
        std::map<std::string_view, Place> aliases;
        const auto symtab = std::find_if(sections_.begin(), sections_.end(),
                                         [](const Section& s) { return s.header.sh_type == SHT_SYMTAB; });
        if (symtab == sections_.end())
            return {};
        symtab_ = elf_getdata(symtab->scn, nullptr);
        strings_ = symtab->header.sh_link;
        for (int i = 0; symtab_; i++) {
            GElf_Sym symbol;
            if (!gelf_getsym(symtab_, i, &symbol))
                break;
            const std::string_view name = name_in(strings_, symbol.st_name);
            if (symbol.st_shndx != SHN_UNDEF)
                bearers_[name]++;
            if (GELF_ST_TYPE(symbol.st_info) != STT_FUNC || symbol.st_shndx >= sections_.size() ||
                !sections_[symbol.st_shndx].is_code())
                continue;
            if (name.size() > KernelName::longest)
                return not_a_module("it has a function whose name is longer than the " +
                                    std::to_string(KernelName::longest) + " bytes that the kernel takes");
            const Place place{symbol.st_shndx, symbol.st_value};
            // module_init() and module_exit() give the functions these second names.
            if (name == "init_module" || name == "cleanup_module")
                aliases[name] = place;
            if (is_artifact(name) || shares_its_name(sections_[symbol.st_shndx]))
                continue;
            KoFunction function{std::string(name), sections_[symbol.st_shndx].name, symbol.st_value, symbol.st_size,
                                name.find(".cold") == std::string::npos};
            const auto [known, fresh] = by_place.try_emplace(place, std::move(function));
            if (!fresh && (known->second.name == "init_module" || known->second.name == "cleanup_module"))
                known->second.name = name;
            known->second.size = std::max<std::uint64_t>(known->second.size, symbol.st_size);
        }
        for (auto& [place, function] : by_place) {
            if (auto alias = aliases.find("init_module"); alias != aliases.end() && alias->second == place)
                file_.init_function = function.name;
            if (auto alias = aliases.find("cleanup_module"); alias != aliases.end() && alias->second == place)
                file_.exit_function = function.name;
            const std::uint64_t end = function.size > std::numeric_limits<std::uint64_t>::max() - function.offset
                                          ? std::numeric_limits<std::uint64_t>::max()
                                          : function.offset + function.size;
            const bool first = places_.empty() || places_.back().first != place.first;
            reach_.push_back(first ? end : std::max(reach_.back(), end));
            file_.functions.push_back(std::move(function));
            places_.push_back(place);
        }
        return {};
    }

    // The first of those that a place is in: one may have others within it.
    const KoFunction* function_at(const Place& place) const {
        const auto index_of = [this](auto at) { return at - places_.begin(); };
        const auto first = index_of(std::lower_bound(places_.begin(), places_.end(), Place{place.first, 0}));
        const auto last = index_of(std::upper_bound(places_.begin(), places_.end(), place));
        // The first function to reach beyond the place is the first with which that is reached.
        const auto end = reach_.begin() + last;
        const auto found = std::upper_bound(reach_.begin() + first, end, place.second);
        return found == end ? nullptr : &file_.functions[static_cast<std::size_t>(found - reach_.begin())];
    }

    template <typename Function>
    void for_each_relocations_of_code(Function function) {
        for (const Section& section : sections_)
            if (section.header.sh_type == SHT_RELA && section.header.sh_info < sections_.size() &&
                sections_[section.header.sh_info].is_code())
                function(section, section.header.sh_info);
    }

    void lay_code_out() {
        for (std::size_t i = 0; i < sections_.size(); i++)
            if (const Section& section = sections_[i]; section.is_code())
                layout_.add_section(i, section.name, bytes_of(section), section.header.sh_size,
                                    section.header.sh_addralign);
        GElf_Sym symbol;
        for (int i = 1; symtab_ && gelf_getsym(symtab_, i, &symbol); i++) {
            if (symbol.st_shndx != SHN_UNDEF)
                layout_.add_symbol(symbol.st_shndx, name_in(strings_, symbol.st_name), symbol.st_value,
                                   GELF_ST_TYPE(symbol.st_info) == STT_FUNC ? symbol.st_size : 0);
        }
        for_each_relocations_of_code([this](const Section& relocations, std::size_t code) {
            Elf_Data* data = elf_getdata(relocations.scn, nullptr);
            GElf_Rela rela;
            for (int i = 0; data && gelf_getrela(data, i, &rela); i++)
                layout_.add_relocation(code, rela.r_offset, GELF_R_TYPE(rela.r_info) == R_X86_64_64 ? 8 : 4);
        });
    }

    // The kernel lets kprobe events into functions that ftrace can trace, which are
    // those with a place in this table (kernel/trace/trace_kprobe.c:
    // within_notrace_func()). A part that the compiler split off counts as its function.
    void read_traceable() {
        const std::set<Place> traced = places_in(".rela__mcount_loc");
        const std::set<Place> no_kprobe = places_in(".rela_kprobe_blacklist");
        std::set<std::string> traceable;
        for (std::size_t i = 0; i < places_.size(); i++) {
            KoFunction& function = file_.functions[i];
            const auto [section, offset] = places_[i];
            const auto first = traced.lower_bound(places_[i]);
            if (first != traced.end() && first->first == section &&
                first->second - offset < std::max<std::uint64_t>(function.size, 1))
                traceable.insert(function.name);
            // A probe at a place of ftrace's is ftrace's own, and nothing is decoded for it.
            const std::uint64_t entry = offset + (begins_with_endbr(places_[i]) ? sizeof(endbr) : 0);
            function.no_kprobe = no_kprobe.contains(places_[i]) || function.section == ".kprobes.text";
            function.ambiguous = bearers_[function.name] > 1;
            function.unsafe = !traced.contains({section, entry}) && !layout_.takes_probe(section, entry);
        }
        if (!traced.empty()) // else it was built without ftrace, and nothing is known to be refused
            for (KoFunction& function : file_.functions)
                function.notrace = !traceable.contains(function.name) && !traceable.contains(family_of(function.name));
    }

    // The places that a table of addresses points to.
    std::set<Place> places_in(std::string_view relocations) const {
        std::set<Place> places;
        const Section* table = section_named(relocations);
        Elf_Data* data = table && symtab_ ? elf_getdata(table->scn, nullptr) : nullptr;
        GElf_Rela rela;
        for (int i = 0; data && gelf_getrela(data, i, &rela); i++) {
            GElf_Sym symbol;
            if (gelf_getsym(symtab_, static_cast<int>(GELF_R_SYM(rela.r_info)), &symbol))
                places.emplace(symbol.st_shndx, symbol.st_value + static_cast<std::uint64_t>(rela.r_addend));
        }
        return places;
    }

    bool begins_with_endbr(const Place& place) const {
        const auto bytes = bytes_of(sections_[place.first]);
        return place.second <= bytes.size() && bytes.size() - place.second >= sizeof(endbr) &&
               std::equal(std::begin(endbr), std::end(endbr),
                          bytes.begin() + static_cast<std::ptrdiff_t>(place.second));
    }

    // A recorded address does not tell which of the sections with one name it is in.
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
        Elf_Data* data = elf_getdata(relocations.scn, nullptr);
        const auto bytes = bytes_of(code);
        std::set<std::pair<std::uint64_t, bool>> sites; // offset of the instruction in the section, lock
        for (int i = 0; data; i++) {
            GElf_Rela rela;
            if (!gelf_getrela(data, i, &rela))
                break;
            GElf_Sym symbol;
            if (!symtab_ || !gelf_getsym(symtab_, static_cast<int>(GELF_R_SYM(rela.r_info)), &symbol))
                continue;
            const std::string_view name = name_in(strings_, symbol.st_name);
            const bool lock = name == "__rcu_read_lock";
            if (!lock && name != "__rcu_read_unlock")
                continue;
            // One byte of opcode before the 32-bit distance: call, or jmp at the end of a function.
            const std::uint64_t type = GELF_R_TYPE(rela.r_info);
            const bool distance = type == R_X86_64_PLT32 || type == R_X86_64_PC32;
            // A conditional jump (0f 8x) may not be taken, and an address that is loaded calls nothing.
            const bool plain = distance && rela.r_offset >= 1 && rela.r_offset < bytes.size() &&
                               (bytes[rela.r_offset - 1] == 0xe8 || bytes[rela.r_offset - 1] == 0xe9);
            if (plain)
                sites.emplace(rela.r_offset - 1, lock);
            else
                unusable(code.name, rela.r_offset, "neither a call nor a jump");
        }
        for (const auto& [offset, lock] : sites) {
            const KoFunction* const holder = function_at({section, offset});
            if (shares_its_name(code))
                unusable(code.name, offset, "in one of several sections of that name");
            else if (!holder)
                unusable(code.name, offset, "in no function");
            else if (holder->notrace)
                unusable(code.name, offset, holder->name + " is notrace");
            else if (holder->ambiguous) // the kernel would take any of them
                unusable(code.name, offset, holder->name + " is the name of several functions");
            else {
                file_.read_sites.push_back({lock, holder->name, offset - holder->offset});
                // The kernel asks ftrace about the symbol before the place, which a label may be.
                if (holder->no_kprobe)
                    unseen_families_.emplace(family_of(holder->name), holder->why_unseen());
                else if (layout_.symbol_before(section, offset) != holder->offset)
                    unseen_families_.emplace(family_of(holder->name), "the kernel knows the places by other symbols");
                else if (!layout_.takes_probe(section, offset))
                    unseen_families_.emplace(family_of(holder->name), unsafe_probe);
            }
        }
    }

    void leave_unseen_out() {
        std::set<std::string> told;
        std::erase_if(file_.read_sites, [&](const KoReadSite& site) {
            const auto family = unseen_families_.find(family_of(site.function));
            if (family == unseen_families_.end())
                return false;
            if (told.insert(site.function).second)
                file_.unseen_readers.push_back({site.function, family->second});
            return true;
        });
    }

    std::string path_;
    Fd fd_;
    std::unique_ptr<Elf, ElfCloser> elf_;
    std::vector<Section> sections_;
    Elf_Data* symtab_ = nullptr;
    std::size_t strings_ = 0;
    std::map<std::string, unsigned> code_sections_; // by name: how many
    std::map<std::string_view, unsigned> bearers_;  // in the file's own table of strings
    std::vector<Place> places_;                     // of file_.functions
    std::vector<std::uint64_t> reach_;              // the farthest end of any function of the section up to this one
    CodeLayout layout_;
    std::map<std::string, const char*> unseen_families_; // of functions whose places are left out, and why
    ModuleFile file_;
};

} // namespace

const char* KoFunction::why_unseen() const {
    return notrace     ? "it is notrace, as __exit functions are"
           : no_kprobe ? "its module lets no kprobe into it (NOKPROBE_SYMBOL)"
           : ambiguous ? "several functions have that name"
           : unsafe    ? unsafe_probe
                       : nullptr;
}

Result<ModuleFile> read_module_file(const std::string& path) {
    return Reader(path).read();
}

} // namespace rcuscope
