// SPDX-License-Identifier: BSD-2-Clause
//
// Builds kernel modules in memory, with any number of functions and relocations, and with names that no compiler
// generates.
#pragma once

#include <cstdint>
#include <cstring>
#include <elf.h>
#include <map>
#include <string>
#include <vector>

namespace rcuscope::test {

class MadeModule {
public:
    struct Function {
        std::string name;
        std::uint64_t offset = 0; // in .text
        std::uint64_t size = 0;
    };

    explicit MadeModule(std::string name = "made") : name_(std::move(name)) {}

    void add(const Function& function) { functions_.push_back(function); }
    // Adds a call of __rcu_read_lock() at this offset of .text.
    void add_call(std::uint64_t offset) { calls_.push_back(offset); }
    // Adds so many further section headers for the bytes of .rela.text.
    void repeat_relocations(std::size_t times) { repeated_ = times; }

    std::string bytes() const {
        std::string text;
        for (const Function& function : functions_)
            text.resize(std::max<std::size_t>(text.size(), function.offset + function.size), '\x90');
        for (const std::uint64_t call : calls_)
            text.replace(call, 5, std::string("\xe8\0\0\0\0", 5));
        std::string strings(1, '\0');
        std::map<std::string, std::uint32_t> known; // each name is stored once
        const auto string = [&](const std::string& of) {
            const auto [found, fresh] = known.try_emplace(of, static_cast<std::uint32_t>(strings.size()));
            if (fresh)
                strings.append(of.c_str(), of.size() + 1);
            return found->second;
        };
        std::vector<Elf64_Sym> symbols(1);
        symbols.push_back({string("__rcu_read_lock"), ELF64_ST_INFO(STB_GLOBAL, STT_NOTYPE), 0, SHN_UNDEF, 0, 0});
        for (const Function& function : functions_)
            symbols.push_back({string(function.name), ELF64_ST_INFO(STB_LOCAL, STT_FUNC), 0, text_section,
                               function.offset, function.size});
        std::vector<Elf64_Rela> relocations;
        for (const std::uint64_t call : calls_)
            relocations.push_back({call + 1, ELF64_R_INFO(1, R_X86_64_PLT32), -4});
        const std::string modinfo = "name=" + name_ + std::string(1, '\0') + "vermagic=6.1.0" + std::string(1, '\0');

        Assembly elf;
        elf.add(SHT_PROGBITS, SHF_ALLOC | SHF_EXECINSTR, text, string(".text"));
        elf.add(SHT_SYMTAB, 0, raw(symbols), string(".symtab"), strings_section, 1, sizeof(Elf64_Sym));
        const std::uint32_t rela_name = string(".rela.text");
        const std::uint32_t modinfo_name = string(".modinfo");
        const std::uint32_t strings_name = string(".strtab");
        elf.add(SHT_STRTAB, 0, strings, strings_name);
        elf.add(SHT_PROGBITS, SHF_ALLOC, modinfo, modinfo_name);
        elf.add(SHT_RELA, 0, raw(relocations), rela_name, symbols_section, text_section, sizeof(Elf64_Rela));
        for (std::size_t i = 0; i < repeated_; i++)
            elf.headers.push_back(elf.headers.back());
        return elf.bytes();
    }

private:
    static constexpr std::uint16_t text_section = 1;
    static constexpr std::uint32_t symbols_section = 2;
    static constexpr std::uint32_t strings_section = 3;

    template <typename T>
    static std::string raw(const std::vector<T>& of) {
        std::string text(of.size() * sizeof(T), '\0');
        if (!of.empty())
            std::memcpy(text.data(), of.data(), text.size());
        return text;
    }

    struct Assembly {
        std::vector<Elf64_Shdr> headers{1};
        std::string contents = std::string(sizeof(Elf64_Ehdr), '\0');

        void add(std::uint32_t type, std::uint64_t flags, const std::string& content, std::uint32_t name,
                 std::uint32_t link = 0, std::uint32_t info = 0, std::uint64_t entry = 0) {
            contents.resize((contents.size() + 7) & ~std::size_t{7});
            headers.push_back({name, type, flags, 0, contents.size(), content.size(), link, info, 8, entry});
            contents += content;
        }
        std::string bytes() {
            contents.resize((contents.size() + 7) & ~std::size_t{7});
            Elf64_Ehdr header{};
            std::memcpy(header.e_ident, ELFMAG, SELFMAG);
            header.e_ident[EI_CLASS] = ELFCLASS64;
            header.e_ident[EI_DATA] = ELFDATA2LSB;
            header.e_ident[EI_VERSION] = EV_CURRENT;
            header.e_type = ET_REL;
            header.e_machine = EM_X86_64;
            header.e_version = EV_CURRENT;
            header.e_shoff = contents.size();
            header.e_ehsize = sizeof(Elf64_Ehdr);
            header.e_shentsize = sizeof(Elf64_Shdr);
            header.e_shnum = static_cast<std::uint16_t>(headers.size());
            header.e_shstrndx = strings_section;
            std::memcpy(contents.data(), &header, sizeof(header));
            return contents + raw(headers);
        }
    };

    std::string name_;
    std::vector<Function> functions_;
    std::vector<std::uint64_t> calls_;
    std::size_t repeated_ = 0;
};

} // namespace rcuscope::test
