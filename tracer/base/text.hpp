// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace rcuscope {

bool is_ascii(std::string_view bytes);

// The bytes as UTF-8 text: what is not UTF-8 (overlong forms, surrogates and
// values past U+10FFFF included) becomes U+FFFD, one for each longest run of
// bytes that could still have begun a character. Names that come from the
// kernel are any bytes: a task may call itself anything.
std::string valid_utf8(std::string_view bytes);

// For a terminal: valid_utf8() in which characters that could steer the terminal
// or turn the text around (control characters, bidirectional marks) are shown
// as "\\u{1b}".
std::string printable(std::string_view bytes);

// A word of a command line that a shell reads as this text: in quotes where it needs them.
std::string shell_word(std::string_view text);

// "0x1f", as the kernel writes addresses.
std::string hex(std::uint64_t value);

} // namespace rcuscope
