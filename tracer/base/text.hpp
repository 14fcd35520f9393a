// SPDX-License-Identifier: BSD-2-Clause
//
// Text encodings: UTF-8, terminals, shells, hexadecimal. Names from the kernel are arbitrary bytes: a task may call
// itself anything.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace rcuscope {

bool is_ascii(std::string_view bytes);

// Replaces invalid UTF-8 (also overlong forms, surrogates and values past U+10FFFF) by U+FFFD, one for each maximal
// prefix of a character.
std::string valid_utf8(std::string_view bytes);

// For a terminal: valid_utf8(), with control characters and bidirectional marks written as "\\u{1b}". They could
// control the terminal or change the direction of the text.
std::string printable(std::string_view bytes);

// Quotes a word for a shell's command line if it needs quotes.
std::string shell_word(std::string_view text);

// "0x1f", as the kernel writes addresses.
std::string hex(std::uint64_t value);

} // namespace rcuscope
