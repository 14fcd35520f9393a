// SPDX-License-Identifier: BSD-2-Clause
#include "capture/symbols.hpp"

#include <algorithm>
#include <iterator>

#include "capture/json_codec.hpp"

namespace rcuscope {

static void fields(auto& visit, Of<SymbolInfo> auto& symbol) {
    visit("address", symbol.address);
    visit("name", symbol.name);
    visit("offset", symbol.offset);
    visit("module", symbol.module);
}

nlohmann::json symbols_to_json(std::span<const SymbolInfo> symbols) {
    auto array = nlohmann::json::array();
    for (const SymbolInfo& symbol : symbols) {
        array.push_back(encode_json(symbol));
    }
    return array;
}

std::optional<std::string> append_symbols(const nlohmann::json& json, std::vector<SymbolInfo>& symbols) {
    std::vector<SymbolInfo> more;
    if (auto problem = decode_json(json, more)) {
        return "symbols" + problem->place + " " + problem->what;
    }
    std::move(more.begin(), more.end(), std::back_inserter(symbols));
    return std::nullopt;
}

void settle_symbols(std::vector<SymbolInfo>& symbols) {
    // Reversed and stable: the last one said of an address comes first, and unique() keeps it.
    std::reverse(symbols.begin(), symbols.end());
    std::stable_sort(symbols.begin(), symbols.end(),
                     [](const SymbolInfo& a, const SymbolInfo& b) { return a.address < b.address; });
    const auto same = [](const SymbolInfo& a, const SymbolInfo& b) { return a.address == b.address; };
    symbols.erase(std::unique(symbols.begin(), symbols.end(), same), symbols.end());
}

} // namespace rcuscope
