// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <cstddef>
#include <iosfwd>
#include <string>
#include <string_view>

#include "base/text_out.hpp"
#include "report/document.hpp"

namespace rcuscope {

struct Style {
    bool colour = false;  // escape sequences of a terminal
    bool unicode = false; // bars of block elements, else of #
};

// What standard output is fit for: colours on a terminal, unless NO_COLOR is set; block elements in a UTF-8 locale.
Style style_of_stdout();

void show_text(const Document& document, const Style& style, TextOut out);
void show_markdown(const Document& document, const Style& style, std::ostream& out);

// For a terminal, each line indented.
void show_table(const Table& table, std::size_t indent, TextOut out);

// Broken between words, each line indented; a word of its own may be longer than a line.
void show_wrapped(std::string_view text, std::size_t indent, TextOut out);

// A bar for `count` of at most `most`: eighths of a block, or whole #. What is more than nothing is seen.
std::string bar_text(std::uint64_t count, std::uint64_t most, bool unicode);

// How many characters a printable text has.
std::size_t text_width(std::string_view text);

} // namespace rcuscope
