// SPDX-License-Identifier: BSD-2-Clause
#include "kernel/ko_elf.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <initializer_list>
#include <limits>
#include <map>
#include <sys/stat.h>

#include "base/text.hpp"
#include "kernel/kernel_name.hpp"
#include "kernel/unpack.hpp"

namespace rcuscope {

namespace {

// MODULE_NAME_LEN of 64-bit kernels and the size of utsname's fields, both without the terminating zero.
constexpr std::size_t longest_module_name = 55;
constexpr std::size_t longest_release = 64;

// A record holds no more of a section's name (bpf/wire.h), and names identify sections.
constexpr std::size_t longest_section_name = 31;

bool is_artifact(std::string_view name) {
    return name.empty() || name.starts_with("__pfx_") || name.starts_with("__cfi_");
}

} // namespace

Result<KoElf> KoElf::open(const std::string& path) {
    KoElf elf(path);
    if (auto opened = elf.open_file(); !opened)
        return tl::unexpected(opened.error());
    if (auto read = elf.read_sections(); !read)
        return tl::unexpected(read.error());
    elf.read_modinfo();
    if (auto known = elf.check_modinfo(); !known)
        return tl::unexpected(known.error());
    if (auto read = elf.read_symbols(); !read)
        return tl::unexpected(read.error());
    return elf;
}

tl::unexpected<Error> KoElf::not_a_module(std::string why) const {
    return fail(ExitCode::bad_input, "cannot use " + path_ + " as a kernel module", std::move(why));
}

Status KoElf::open_file() {
    fd_ = Fd(::open(path_.c_str(), O_RDONLY | O_CLOEXEC));
    struct stat of_file {};
    if (!fd_ || ::fstat(fd_.get(), &of_file) != 0)
        return fail(ExitCode::bad_input, "cannot read " + path_, errno_text(errno),
                    "name the module's .ko file, as for insmod");
    elf_version(EV_CURRENT);
    if (auto unpacked = unpack(fd_.get()); !unpacked) {
        return not_a_module(unpacked.error());
    } else if (*unpacked) {
        unpacked_ = std::make_unique<std::string>(std::move(**unpacked));
        size_ = unpacked_->size();
        elf_.reset(elf_memory(unpacked_->data(), unpacked_->size()));
    } else {
        size_ = static_cast<std::uint64_t>(of_file.st_size);
        elf_.reset(elf_begin(fd_.get(), ELF_C_READ, nullptr));
    }
    if (!elf_ || elf_kind(elf_.get()) != ELF_K_ELF)
        return not_a_module("it is not an ELF file");
    GElf_Ehdr header;
    if (!gelf_getehdr(elf_.get(), &header) || header.e_type != ET_REL || header.e_machine != EM_X86_64)
        return not_a_module("it is not a relocatable x86-64 object");
    return {};
}

// The sections together must not exceed the size of the file. So that size bounds everything that is read later, even
// if a hostile file refers to its parts many times.
Status KoElf::read_sections() {
    std::size_t count = 0;
    std::size_t names = 0;
    if (elf_getshdrnum(elf_.get(), &count) || elf_getshdrstrndx(elf_.get(), &names))
        return not_a_module("its table of sections is damaged");
    std::uint64_t left = size_;
    for (std::size_t i = 0; i < count; i++) {
        Section section;
        section.scn = elf_getscn(elf_.get(), i);
        if (!section.scn || !gelf_getshdr(section.scn, &section.header))
            return not_a_module("its table of sections is damaged");
        const bool has_bytes = section.header.sh_type != SHT_NULL && section.header.sh_type != SHT_NOBITS;
        if (has_bytes && section.header.sh_size > left)
            return not_a_module("its sections are larger than the file: they overlap, or reach beyond its end");
        left -= has_bytes ? section.header.sh_size : 0;
        section.name = name_in(names, section.header.sh_name).substr(0, longest_section_name);
        sections_.push_back(std::move(section));
    }
    return {};
}

// A longer name is cut to KernelName::longest + 1 bytes, which KernelName rejects.
std::string_view KoElf::name_in(std::size_t strings, std::size_t offset) const {
    const char* text = elf_strptr(elf_.get(), strings, offset);
    return text ? std::string_view(text, ::strnlen(text, KernelName::longest + 1)) : std::string_view();
}

const KoElf::Section* KoElf::section_named(std::string_view name) const {
    auto found = std::find_if(sections_.begin(), sections_.end(), [&](const Section& s) { return s.name == name; });
    return found == sections_.end() ? nullptr : &*found;
}

std::span<const unsigned char> KoElf::bytes_of(const Section& section) {
    const Elf_Data* data = section.header.sh_type == SHT_NOBITS ? nullptr : elf_getdata(section.scn, nullptr);
    if (!data || !data->d_buf)
        return {};
    return {static_cast<const unsigned char*>(data->d_buf), data->d_size};
}

void KoElf::read_modinfo() {
    const Section* section = section_named(".modinfo");
    if (!section)
        return;
    const auto bytes = bytes_of(*section);
    std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    while (!text.empty()) {
        const std::string_view entry = text.substr(0, text.find('\0'));
        text.remove_prefix(std::min(text.size(), entry.size() + 1));
        if (entry.starts_with("name=")) {
            modinfo_.name = entry.substr(5);
        } else if (entry.starts_with("depends=")) {
            modinfo_.depends = entry.substr(8);
        } else if (entry.starts_with("vermagic=")) {
            const std::string_view vermagic = entry.substr(9);
            modinfo_.release = vermagic.substr(0, vermagic.find(' '));
            modinfo_.unloads = vermagic.find(" mod_unload") != std::string_view::npos;
            modinfo_.preemption = vermagic.find(" preempt") != std::string_view::npos;
        }
    }
}

// The name of the module is written to the kernel's files and used in paths below /sys.
Status KoElf::check_modinfo() const {
    const std::string& name = modinfo_.name;
    if (name.empty() || modinfo_.release.empty())
        return not_a_module("it has no module information (.modinfo)");
    if (name.size() > longest_module_name || name.front() == '.' || !KernelName::of(name))
        return not_a_module("its module name \"" + printable(name.substr(0, longest_module_name)) +
                            "\" is not valid: " + KernelName::rule + ", and of at most " +
                            std::to_string(longest_module_name) + " bytes");
    if (modinfo_.release.size() > longest_release)
        return not_a_module("its vermagic contains no valid kernel release, which has at most " +
                            std::to_string(longest_release) + " bytes");
    return {};
}

std::optional<GElf_Sym> KoElf::symbol(std::size_t number) const {
    GElf_Sym symbol;
    if (!symtab_ || number > static_cast<std::size_t>(std::numeric_limits<int>::max()) ||
        !gelf_getsym(symtab_, static_cast<int>(number), &symbol))
        return std::nullopt;
    return symbol;
}

Status KoElf::read_symbols() {
    const auto symtab = std::find_if(sections_.begin(), sections_.end(),
                                     [](const Section& s) { return s.header.sh_type == SHT_SYMTAB; });
    if (symtab == sections_.end())
        return {};
    symtab_ = elf_getdata(symtab->scn, nullptr);
    strings_ = symtab->header.sh_link;
    std::map<SectionOffset, Function> by_place;
    for (std::size_t i = 0; const auto symbol = this->symbol(i); i++) {
        const std::size_t section = symbol->st_shndx;
        if (GELF_ST_TYPE(symbol->st_info) != STT_FUNC || section >= sections_.size() || !sections_[section].is_code())
            continue;
        const std::string_view name = name_of(*symbol);
        if (name.size() > KernelName::longest)
            return not_a_module("it has a function whose name is longer than the kernel's limit of " +
                                std::to_string(KernelName::longest) + " bytes");
        const SectionOffset place{section, symbol->st_value};
        const bool second = name == "init_module" || name == "cleanup_module";
        if (second)
            (name == "init_module" ? init_ : exit_) = place;
        if (is_artifact(name))
            continue;
        const auto [known, fresh] = by_place.try_emplace(place, Function{name, place, symbol->st_size});
        if (!fresh && (known->second.name == "init_module" || known->second.name == "cleanup_module"))
            known->second.name = name;
        known->second.size = std::max<std::uint64_t>(known->second.size, symbol->st_size);
    }
    functions_.reserve(by_place.size());
    for (const auto& [place, function] : by_place)
        functions_.push_back(function);
    return {};
}

} // namespace rcuscope
