// SPDX-License-Identifier: BSD-2-Clause
//
// The JSON of symbols chunks.
#pragma once

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

// Sorts by address; of several for one address the last one stays.
void settle_symbols(std::vector<SymbolInfo>& symbols);

} // namespace rcuscope
