// SPDX-License-Identifier: BSD-2-Clause
//
// Writes a document as text for a terminal or as Markdown. Escapes untrusted names.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <string>
#include <string_view>

#include "base/text_out.hpp"
#include "report/document.hpp"

namespace rcuscope {

struct Style {
    bool colour = false;  // use escape sequences of a terminal
    bool unicode = false; // draw bars with block elements, else with #
};

// The style that standard output supports: colours on a terminal unless NO_COLOR is set, block elements in a UTF-8
// locale.
Style style_of_stdout();

void show_text(const Document& document, const Style& style, TextOut out);
void show_markdown(const Document& document, const Style& style, std::ostream& out);

// Writes a table for a terminal, each line indented by `indent` columns.
void show_table(const Table& table, std::size_t indent, TextOut out);

// Breaks lines between words and indents each line. A single word may exceed the line length.
void show_wrapped(std::string_view text, std::size_t indent, TextOut out);

// A bar of a length proportional to count / most, in eighths of a block or in whole #. A count above 0 is always
// visible.
std::string bar_text(std::uint64_t count, std::uint64_t limit, bool unicode);

// The number of characters of a printable UTF-8 text.
std::size_t text_width(std::string_view text);

} // namespace rcuscope
