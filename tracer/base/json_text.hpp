// SPDX-License-Identifier: BSD-2-Clause
//
// Serialises a JSON value; all other code uses this. The text is ASCII: other characters become \u escapes, which mean
// the same. So a name cannot control the terminal that shows the JSON (U+009B begins an escape sequence as ESC [ does)
// or change the direction of a line. Invalid UTF-8 becomes U+FFFD.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <utility>

namespace rcuscope {

class JsonText {
public:
    // `indent`: spaces for each level; -1 puts all on one line.
    explicit JsonText(const nlohmann::ordered_json& value, int indent = -1);
    explicit JsonText(const nlohmann::json& value, int indent = -1);

    const std::string& text() const& { return text_; }
    std::string text() && { return std::move(text_); }

private:
    std::string text_;
};

} // namespace rcuscope
