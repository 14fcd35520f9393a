// SPDX-License-Identifier: BSD-2-Clause
#include "kernel/kallsyms.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <unordered_set>

#include "base/file.hpp"
#include "base/seeded_hash.hpp"

namespace rcuscope {

namespace {

bool is_code(char type) {
    return type == 't' || type == 'T' || type == 'w' || type == 'W';
}

// Returns `end` if `wanted` is not found. Uses memchr(), because a command waits while 200,000 lines are read.
const char* find(const char* from, const char* end, char wanted) {
    const void* found = std::memchr(from, wanted, static_cast<std::size_t>(end - from));
    return found ? static_cast<const char*>(found) : end;
}

// gcc gives a function another name if it leaves out or replaces a parameter. A ".part." is only a part of it.
bool is_clone_of(std::string_view name, std::string_view function) {
    return name.starts_with(function) && (name.substr(function.size()).starts_with(".constprop.") ||
                                          name.substr(function.size()).starts_with(".isra."));
}

} // namespace

Result<Kallsyms> Kallsyms::read(const std::string& path) {
    auto text = read_file(path);
    if (!text)
        return tl::unexpected(text.error());
    Kallsyms symbols = parse(std::move(*text));
    const bool hidden = std::all_of(symbols.code_.begin(), symbols.code_.end(),
                                    [](const Symbol& symbol) { return symbol.address == 0; });
    if (hidden)
        return fail(ExitCode::cannot_here, "cannot read kernel addresses from " + path, "the kernel hides them",
                    "run as root, with kernel.kptr_restrict below 2 (sysctl kernel.kptr_restrict=1)");
    return symbols;
}

Kallsyms Kallsyms::parse(std::string text) {
    Kallsyms result;
    result.text_ = std::move(text);
    const char* const base = result.text_.data();
    const char* const end = base + result.text_.size();
    for (const char* line = base; line < end;) {
        const char* const stop = find(line, end, '\n');
        Symbol symbol;
        const auto [after, error] = std::from_chars(line, stop, symbol.address, 16);
        // " T " and at least one character of a name.
        if (error == std::errc() && stop - after > 3 && after[0] == ' ' && after[2] == ' ') {
            symbol.type = after[1];
            const char* const from = after + 3;
            const char* const tab = find(from, stop, '\t');
            symbol.name_at = static_cast<std::uint32_t>(from - base);
            symbol.name_size = static_cast<std::uint32_t>(tab - from);
            if (stop - tab > 3 && tab[1] == '[' && stop[-1] == ']') {
                symbol.module_at = static_cast<std::uint32_t>(tab + 2 - base);
                symbol.module_size = static_cast<std::uint32_t>(stop - 1 - (tab + 2));
            }
            (is_code(symbol.type) ? result.code_ : result.data_).push_back(symbol);
        }
        line = stop == end ? end : stop + 1;
    }
    const auto before = [](const Symbol& a, const Symbol& b) { return a.address < b.address; };
    // The kernel lists its own symbols in order and modules by age, so only the modules need sorting. The sort is
    // stable: of several names at one address the first one listed stays first.
    const auto sorted = std::is_sorted_until(result.code_.begin(), result.code_.end(), before);
    std::stable_sort(sorted, result.code_.end(), before);
    std::inplace_merge(result.code_.begin(), sorted, result.code_.end(), before);
    return result;
}

std::optional<std::uint64_t> Kallsyms::address_of(std::string_view wanted) const {
    for (const auto* list : {&data_, &code_})
        for (const Symbol& symbol : *list)
            if (symbol.module_size == 0 && name(symbol) == wanted)
                return symbol.address;
    return std::nullopt;
}

Kallsyms::Code Kallsyms::code_of(std::string_view wanted) const {
    const auto first = [&](auto is_wanted) {
        return std::find_if(
            code_.begin(), code_.end(),
            [&](const Symbol& symbol) { return symbol.module_size == 0 && is_wanted(name(symbol)); });
    };
    auto found = first([&](std::string_view name) { return name == wanted; });
    if (found == code_.end())
        found = first([&](std::string_view name) { return is_clone_of(name, wanted); });
    const auto next = std::find_if(found, code_.end(), [&](const Symbol& symbol) {
        return symbol.module_size == 0 && symbol.address > found->address;
    });
    return next == code_.end() ? Code{} : Code{found->address, next->address - found->address};
}

bool Kallsyms::has_function(std::string_view wanted) const {
    return std::any_of(
        code_.begin(), code_.end(),
        [&](const Symbol& symbol) { return symbol.module_size == 0 && name(symbol) == wanted; });
}

bool Kallsyms::in_kernel_proper(std::uint64_t address) const {
    const auto place = place_of(address);
    return place && place->module.empty();
}

std::set<std::string> Kallsyms::functions_among(const std::set<std::string>& names) const {
    const std::unordered_set<std::string_view, SeededHash> wanted(names.begin(), names.end());
    std::set<std::string> found;
    for (const Symbol& symbol : code_)
        if (symbol.module_size == 0 && wanted.contains(name(symbol)))
            found.emplace(name(symbol));
    return found;
}

std::set<std::string> Kallsyms::modules() const {
    std::set<std::string> found;
    std::string_view last; // symbols of a module follow each other
    for (const Symbol& symbol : code_)
        if (module(symbol) != last) {
            last = module(symbol);
            if (!last.empty())
                found.emplace(last);
        }
    return found;
}

std::optional<Kallsyms::SymbolLocation> Kallsyms::place_of(std::uint64_t address) const {
    auto after = std::upper_bound(code_.begin(), code_.end(), address,
                                  [](std::uint64_t wanted, const Symbol& symbol) { return wanted < symbol.address; });
    if (after == code_.begin())
        return std::nullopt;
    auto found = std::lower_bound(code_.begin(), after, std::prev(after)->address,
                                  [](const Symbol& symbol, std::uint64_t wanted) { return symbol.address < wanted; });
    // kallsyms has no sizes: a function reaches to the next symbol. The end of the last function of the kernel or of a
    // module is unknown. Modules begin on pages of their own, so an address beyond the page of a last function is
    // rejected.
    const std::uint64_t offset = address - found->address;
    constexpr std::uint64_t page = 4096;
    const bool last = after == code_.end() || module(*after) != module(*found);
    if (last && address / page != found->address / page)
        return std::nullopt;
    return SymbolLocation{std::string(name(*found)), std::string(module(*found)), offset};
}

} // namespace rcuscope
