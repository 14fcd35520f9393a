// SPDX-License-Identifier: BSD-2-Clause
//
// A snapshot of /proc/kallsyms. It has one symbol on each line: "ffffffff81000000 T name\t[module]".
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace rcuscope {

class Kallsyms {
public:
    struct Symbol {
        std::uint64_t address = 0;
        std::uint32_t name_at = 0; // in text_
        std::uint32_t name_size = 0;
        std::uint32_t module_at = 0;
        std::uint32_t module_size = 0;
        char type = 0; // as nm(1) prints it
    };
    struct SymbolLocation {
        std::string function;
        std::string module; // empty: the kernel itself
        std::uint64_t offset = 0;
    };

    // Reads the symbols of the running kernel. Fails with ExitCode::cannot_here if addresses are hidden
    // (kptr_restrict).
    static Result<Kallsyms> read(const std::string& path = "/proc/kallsyms");
    // Skips lines that are no symbol.
    static Kallsyms parse(std::string text);

    // Address of a symbol of the kernel itself, of any type.
    std::optional<std::uint64_t> address_of(std::string_view name) const;
    struct Code {
        std::uint64_t address = 0;
        std::uint64_t size = 0;
    };
    // From a function of the kernel itself to the next one. Size 0 if no function has this name, and none has it with a
    // suffix of a clone ("NAME.constprop.0", "NAME.isra.0").
    Code code_of(std::string_view name) const;
    // Whether the kernel itself has code under exactly this name.
    bool has_function(std::string_view name) const;
    // Whether an address is code of the kernel itself, not of a module.
    bool in_kernel_proper(std::uint64_t address) const;
    // The subset of `names` for which has_function() is true, in one pass over all symbols.
    std::set<std::string> functions_among(const std::set<std::string>& names) const;
    // The modules that have code.
    std::set<std::string> modules() const;
    // The function that contains a code address. Data symbols are ignored.
    std::optional<SymbolLocation> place_of(std::uint64_t address) const;

private:
    std::string_view name(const Symbol& symbol) const { return {text_.data() + symbol.name_at, symbol.name_size}; }
    std::string_view module(const Symbol& symbol) const {
        return {text_.data() + symbol.module_at, symbol.module_size};
    }

    std::string text_;
    std::vector<Symbol> code_; // sorted by address
    std::vector<Symbol> data_; // in file order
};

} // namespace rcuscope
