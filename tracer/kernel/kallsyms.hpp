// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace rcuscope {

// A snapshot of /proc/kallsyms: one line a symbol, "ffffffff81000000 T name\t[module]".
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
    struct Place {
        std::string function;
        std::string module; // empty: the kernel proper
        std::uint64_t offset = 0;
    };

    // Reads the running kernel's. Fails with ExitCode::cannot_here if addresses are hidden (kptr_restrict).
    static Result<Kallsyms> read(const std::string& path = "/proc/kallsyms");
    // Lines that do not read as a symbol are passed over.
    static Kallsyms parse(std::string text);

    // Address of a symbol of the kernel proper, of any type.
    std::optional<std::uint64_t> address_of(std::string_view name) const;
    struct Code {
        std::uint64_t address = 0;
        std::uint64_t size = 0;
    };
    // From a function of the kernel proper to the next one; of size 0 if there is none of this name.
    Code code_of(std::string_view name) const;
    // Code of the kernel proper under exactly this name.
    bool has_function(std::string_view name) const;
    // Whether an address is code of the kernel itself, not of a module.
    bool in_kernel_proper(std::uint64_t address) const;
    // Those of the names that has_function() holds for, in one pass over all symbols.
    std::set<std::string> functions_among(const std::set<std::string>& names) const;
    // Those that have code.
    std::set<std::string> modules() const;
    // The function that holds a code address. Code only: a data symbol is never taken for a function.
    std::optional<Place> place_of(std::uint64_t address) const;

private:
    std::string_view name(const Symbol& symbol) const { return {text_.data() + symbol.name_at, symbol.name_size}; }
    std::string_view module(const Symbol& symbol) const {
        return {text_.data() + symbol.module_at, symbol.module_size};
    }

    std::string text_;
    std::vector<Symbol> code_; // by address
    std::vector<Symbol> data_; // in the file's order
};

} // namespace rcuscope
