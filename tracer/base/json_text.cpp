// SPDX-License-Identifier: BSD-2-Clause
#include "base/json_text.hpp"

#include <nlohmann/json.hpp>

namespace rcuscope {

namespace {

template <typename Json>
std::string ascii_text(const Json& value, int indent) {
    return value.dump(indent, ' ', true, Json::error_handler_t::replace);
}

} // namespace

JsonText::JsonText(const nlohmann::ordered_json& value, int indent) : text_(ascii_text(value, indent)) {}

JsonText::JsonText(const nlohmann::json& value, int indent) : text_(ascii_text(value, indent)) {}

} // namespace rcuscope
