// SPDX-License-Identifier: BSD-2-Clause
//
// The .ko of a module as an ELF object: sections, symbols, relocations and .modinfo. Every reader of a .ko uses this
// class, which rejects damaged and hostile files.
#pragma once

#include <cstddef>
#include <cstdint>
#include <gelf.h>
#include <libelf.h>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/file.hpp"

namespace rcuscope {

class KoElf {
public:
    struct Section {
        Elf_Scn* scn = nullptr;
        GElf_Shdr header{};
        std::string name; // cut to the 31 bytes that a record holds (bpf/wire.h)

        bool is_code() const { return (header.sh_flags & SHF_ALLOC) && (header.sh_flags & SHF_EXECINSTR); }
    };

    struct SectionOffset {
        std::size_t section = 0;
        std::uint64_t offset = 0; // in the section

        auto operator<=>(const SectionOffset&) const = default; // NOLINT(modernize-use-nullptr): of <=> itself
    };

    struct Function {
        std::string_view name; // init_module and cleanup_module are aliases; another name at the place is preferred
        SectionOffset place;
        std::uint64_t size = 0;
    };

    struct ModInfo {
        std::string name;
        std::string release;     // of the kernel that it was built for (first word of vermagic)
        std::string depends;     // modules whose symbols it uses, comma-separated
        bool unloads = true;     // whether that kernel can unload modules
        bool preemption = false; // whether that kernel has CONFIG_PREEMPTION: "preempt" or "preempt_rt" in vermagic
    };

    // Unpacks .xz, .zst and .gz in memory. Fails with ExitCode::bad_input if the file cannot be read or is no x86-64
    // kernel module.
    static Result<KoElf> open(const std::string& path);

    const std::string& path() const { return path_; }
    // The unpacked bytes of a compressed file; nullptr if the file is not compressed.
    const std::string* content() const { return unpacked_.get(); }
    const ModInfo& modinfo() const { return modinfo_; }
    const std::vector<Section>& sections() const { return sections_; }
    const Section* section_named(std::string_view name) const;
    static std::span<const unsigned char> bytes_of(const Section& section);

    // Symbols by number in the file; the first one has no name.
    std::optional<GElf_Sym> symbol(std::size_t number) const;
    std::string_view name_of(const GElf_Sym& symbol) const { return name_in(strings_, symbol.st_name); }
    // The functions in code, sorted by place, one for each place. Symbols that the compiler and kbuild add are left
    // out: padding before functions (CONFIG_FUNCTION_PADDING) and type hashes (CONFIG_CFI_CLANG).
    const std::vector<Function>& functions() const { return functions_; }
    std::optional<SectionOffset> init_function() const { return init_; }
    std::optional<SectionOffset> exit_function() const { return exit_; }

    // Calls take(relocation) for each entry of a relocation section.
    template <typename Take>
    static void for_each_relocation(const Section& relocations, Take take) {
        Elf_Data* data = elf_getdata(relocations.scn, nullptr);
        GElf_Rela rela;
        for (int i = 0; data && gelf_getrela(data, i, &rela); i++)
            take(rela);
    }
    // Calls take(relocations, number of the code section that they apply to).
    template <typename Take>
    void for_each_relocations_of_code(Take take) const {
        for (const Section& section : sections_)
            if (section.header.sh_type == SHT_RELA && section.header.sh_info < sections_.size() &&
                sections_[section.header.sh_info].is_code())
                take(section, section.header.sh_info);
    }

private:
    struct Closer {
        void operator()(Elf* elf) const { elf_end(elf); }
    };

    explicit KoElf(std::string path) : path_(std::move(path)) {}
    tl::unexpected<Error> not_a_module(std::string why) const;
    Status open_file();
    Status read_sections();
    void read_modinfo();
    Status check_modinfo() const;
    Status read_symbols();
    std::string_view name_in(std::size_t strings, std::size_t offset) const;

    std::string path_;
    Fd fd_;
    std::unique_ptr<std::string> unpacked_; // set if the file is compressed
    std::uint64_t size_ = 0;
    std::unique_ptr<Elf, Closer> elf_;
    std::vector<Section> sections_;
    ModInfo modinfo_;
    Elf_Data* symtab_ = nullptr;
    std::size_t strings_ = 0;
    std::vector<Function> functions_;
    std::optional<SectionOffset> init_;
    std::optional<SectionOffset> exit_;
};

} // namespace rcuscope
