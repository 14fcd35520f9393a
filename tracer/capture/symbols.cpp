// SPDX-License-Identifier: BSD-2-Clause
#include "capture/symbols.hpp"

#include <algorithm>
#include <iterator>
#include <tuple>

#include "capture/json_codec.hpp"

namespace rcuscope {

JSON_FIELDS(SymbolInfo, address, name, offset, module, since_ns)

nlohmann::json symbols_to_json(std::span<const SymbolInfo> symbols) {
    auto array = nlohmann::json::array();
    for (const SymbolInfo& symbol : symbols)
        array.push_back(encode_json(symbol));
    return array;
}

std::optional<std::string> append_symbols(const nlohmann::json& json, std::vector<SymbolInfo>& symbols) {
    std::vector<SymbolInfo> more;
    if (auto problem = decode_json(json, more))
        return "symbols" + problem->place + " " + problem->what;
    std::move(more.begin(), more.end(), std::back_inserter(symbols));
    return std::nullopt;
}

namespace {

using Names = std::vector<SymbolInfo>;

// Names without times stay in the order of the file, which tells which module was first. If a module gave several
// names, the last one is kept.
void take_untimed(Names::iterator begin, Names::iterator end, Names& result) {
    const std::size_t first = result.size();
    for (auto each = begin; each != end; ++each) {
        const auto same = std::find_if(result.begin() + static_cast<std::ptrdiff_t>(first), result.end(),
                                       [&](const SymbolInfo& other) { return other.module == each->module; });
        if (same != result.end())
            *same = std::move(*each);
        else if (result.size() - first < max_untimed_names)
            result.push_back(std::move(*each));
    }
}

// If several names have the same time, the last one is kept. A name that repeats the previous one is dropped.
void take_timed(Names::iterator begin, Names::iterator end, Names& result) {
    const std::size_t first = result.size();
    for (auto each = begin; each != end; ++each) {
        if (result.size() > first && result.back().since_ns == each->since_ns)
            result.pop_back();
        if (result.size() == first || !result.back().same_name(*each))
            result.push_back(std::move(*each));
    }
}

} // namespace

void sort_and_deduplicate_symbols(std::vector<SymbolInfo>& symbols) {
    // Stable sort: names without a time stay in the order of the file, and precede those with a time.
    std::stable_sort(symbols.begin(), symbols.end(), [](const SymbolInfo& a, const SymbolInfo& b) {
        return std::tie(a.address, a.since_ns) < std::tie(b.address, b.since_ns);
    });
    Names result;
    result.reserve(symbols.size());
    for (auto begin = symbols.begin(); begin != symbols.end();) {
        const auto end = std::find_if(
            begin, symbols.end(), [&](const SymbolInfo& each) { return each.address != begin->address; });
        const auto timed = std::find_if(begin, end, [](const SymbolInfo& each) { return each.since_ns.has_value(); });
        take_untimed(begin, timed, result);
        take_timed(timed, end, result);
        begin = end;
    }
    symbols = std::move(result);
}

} // namespace rcuscope
