// SPDX-License-Identifier: BSD-2-Clause
#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <utf8cpp/utf8.h>

namespace rcuscope {
namespace {

bool is_utf8(std::string_view bytes) {
    return utf8::is_valid(bytes.begin(), bytes.end());
}

// How many bytes one U+FFFD replaces at the beginning of invalid UTF-8: the longest proper prefix of a character, or
// one byte. The first two bytes of a character restrict each other. Any continuation byte can follow them, so bytes are
// a prefix if 0x80 completes them.
std::size_t invalid_length(std::string_view bytes) {
    constexpr std::size_t longest = 4; // bytes of a character
    for (std::size_t length = std::min(longest - 1, bytes.size()); length > 1; --length)
        for (std::size_t size = length + 1; size <= longest; ++size)
            if (is_utf8(std::string(bytes.substr(0, length)).append(size - length, '\x80')))
                return length;
    return 1;
}

// Control characters, and the characters that change the direction of text (UAX #9).
bool steers(std::uint32_t value) {
    const auto within = [&](std::uint32_t first, std::uint32_t last) { return value >= first && value <= last; };
    return value < 0x20 || within(0x7f, 0x9f) || value == 0x61c || within(0x200e, 0x200f) || within(0x2028, 0x202e) ||
           within(0x2066, 0x2069);
}

} // namespace

bool is_ascii(std::string_view bytes) {
    unsigned all = 0;
    for (const char byte : bytes)
        all |= static_cast<unsigned char>(byte);
    return all < 0x80;
}

// utf8cpp finds invalid bytes. Its replace_invalid() would write one U+FFFD for several invalid prefixes, unlike
// nlohmann's serializer (json_text.hpp), and the same name would differ between exports.
std::string valid_utf8(std::string_view bytes) {
    if (is_ascii(bytes)) // nearly all texts are
        return std::string(bytes);
    std::string text;
    text.reserve(bytes.size());
    while (true) {
        const auto valid = static_cast<std::size_t>(utf8::find_invalid(bytes.begin(), bytes.end()) - bytes.begin());
        text += bytes.substr(0, valid);
        bytes.remove_prefix(valid);
        if (bytes.empty())
            return text;
        text += "\xef\xbf\xbd"; // U+FFFD
        bytes.remove_prefix(invalid_length(bytes));
    }
}

std::string printable(std::string_view bytes) {
    const std::string text = valid_utf8(bytes);
    std::string shown;
    shown.reserve(text.size());
    for (auto at = text.begin(); at != text.end();) {
        const auto begin = at;
        if (const std::uint32_t value = utf8::unchecked::next(at); steers(value))
            shown += "\\u{" + hex(value).substr(2) + "}";
        else
            shown.append(begin, at);
    }
    return shown;
}

std::string shell_word(std::string_view text) {
    constexpr std::string_view plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=./:,@%";
    if (!text.empty() && text.find_first_not_of(plain) == std::string_view::npos)
        return std::string(text);
    std::string word = "'";
    for (const char each : text)
        word += each == '\'' ? "'\\''" : std::string(1, each);
    return word + "'";
}

std::string hex(std::uint64_t value) {
    std::array<char, 16> digits{}; // 64 bits in hexadecimal
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value, 16).ptr;
    std::string text = "0x";
    text.append(digits.data(), end);
    return text;
}

} // namespace rcuscope
