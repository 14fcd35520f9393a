// SPDX-License-Identifier: BSD-2-Clause
#include "base/json_row.hpp"

#include <algorithm>

#include "base/json_lines.hpp"

namespace rcuscope {

void JsonRow::grow(std::size_t bytes) {
    capacity_ = 2 * (size_ + bytes);
    auto grown = std::make_unique<char[]>(capacity_);
    if (size_ != 0)
        std::memcpy(grown.get(), text_.get(), size_);
    text_ = std::move(grown);
}

void JsonRow::learn(PooledString text) {
    JsonRow row;
    row.value(std::string_view(text));
    known_.resize(std::max<std::size_t>(known_.size(), text.id() + 1));
    known_[text.id()] = row.text();
}

bool JsonRow::is_plain(std::string_view text) {
    return std::all_of(
        text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~' && c != '"' && c != '\\'; });
}

void JsonRow::value(std::string_view text) {
    if (is_plain(text)) {
        separate();
        char* at = room(text.size() + 2);
        *at++ = '"';
        std::memcpy(at, text.data(), text.size());
        at[text.size()] = '"';
        size_ += text.size() + 2;
        return;
    }
    json(JsonText(OrderedJson(std::string(text))).text());
}

} // namespace rcuscope
