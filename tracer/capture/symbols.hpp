// SPDX-License-Identifier: BSD-2-Clause
//
// The JSON of symbols chunks.
#pragma once

#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "capture/writer.hpp"

namespace rcuscope {

nlohmann::json symbols_to_json(std::span<const SymbolInfo> symbols);

// Appends to `symbols`. Returns what is wrong with the JSON; then nothing was appended.
std::optional<std::string> append_symbols(const nlohmann::json& json, std::vector<SymbolInfo>& symbols);

// The limit on the names of one address without a time: no recording has more modules that came to the same place.
inline constexpr std::size_t most_untimed_names = 64;

// Sorts by address, then by the time since when a name holds, those without one first; takes out what says nothing
// more.
void settle_symbols(std::vector<SymbolInfo>& symbols);

} // namespace rcuscope
