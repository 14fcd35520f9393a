// SPDX-License-Identifier: BSD-2-Clause
//
// The one way from a JSON value to its text. The text is ASCII: what is not
// becomes \u escapes, which mean the same, so that no character of a name steers
// the terminal on which JSON is shown (U+009B begins an escape sequence as ESC [
// does) or turns a line around. What is not UTF-8 becomes U+FFFD.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <utility>

namespace rcuscope {

class JsonText {
public:
    // -1: all on one line.
    explicit JsonText(const nlohmann::ordered_json& value, int indent = -1);
    explicit JsonText(const nlohmann::json& value, int indent = -1);

    const std::string& text() const& { return text_; }
    std::string text() && { return std::move(text_); }

private:
    std::string text_;
};

} // namespace rcuscope
