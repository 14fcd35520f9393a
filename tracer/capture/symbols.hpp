// SPDX-License-Identifier: BSD-2-Clause
//
// Encodes and decodes the JSON of symbols chunks (format.hpp).
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

// Decodes `json` and appends to `symbols`. On an error returns its text and appends nothing.
std::optional<std::string> append_symbols(const nlohmann::json& json, std::vector<SymbolInfo>& symbols);

// The limit on the names that one address has without a time. In no recording do more modules get the same address.
inline constexpr std::size_t max_untimed_names = 64;

// Sorts by address, then by since_ns, names without since_ns first. Removes names that are superseded or repeat the
// previous one.
void sort_and_deduplicate_symbols(std::vector<SymbolInfo>& symbols);

} // namespace rcuscope
