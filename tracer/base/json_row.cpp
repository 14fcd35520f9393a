// SPDX-License-Identifier: BSD-2-Clause
#include "base/json_row.hpp"

#include <algorithm>

#include "base/json_lines.hpp"

namespace rcuscope {

bool JsonRow::is_plain(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~' && c != '"' && c != '\\'; });
}

void JsonRow::value(std::string_view text) {
    if (is_plain(text)) {
        plain(text);
        return;
    }
    const std::string quoted =
        OrderedJson(std::string(text)).dump(-1, ' ', false, OrderedJson::error_handler_t::replace);
    separate();
    std::memcpy(room(quoted.size()), quoted.data(), quoted.size());
    size_ += quoted.size();
}

} // namespace rcuscope
