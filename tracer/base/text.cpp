// SPDX-License-Identifier: BSD-2-Clause
#include "base/text.hpp"

#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>

namespace rcuscope {
namespace {

std::uint8_t byte_at(std::string_view bytes, std::size_t at) {
    return static_cast<std::uint8_t>(bytes[at]);
}

// The form of a character that begins with a given byte: how many bytes follow, and the range of the first of them.
// That range excludes overlong forms, surrogates and values past U+10FFFF (Unicode, table 3-7).
struct Form {
    std::size_t following = 0;
    std::uint8_t low = 0x80;
    std::uint8_t high = 0xbf;
    bool valid = true;
};

Form form_of(std::uint8_t lead) {
    if (lead < 0x80)
        return {};
    if (lead >= 0xc2 && lead <= 0xdf)
        return {.following = 1};
    if (lead >= 0xe0 && lead <= 0xef) {
        const std::uint8_t low = lead == 0xe0 ? 0xa0 : 0x80;
        const std::uint8_t high = lead == 0xed ? 0x9f : 0xbf;
        return {.following = 2, .low = low, .high = high};
    }
    if (lead >= 0xf0 && lead <= 0xf4) {
        const std::uint8_t low = lead == 0xf0 ? 0x90 : 0x80;
        const std::uint8_t high = lead == 0xf4 ? 0x8f : 0xbf;
        return {.following = 3, .low = low, .high = high};
    }
    return {.valid = false};
}

struct Run {
    std::size_t length = 1; // bytes of a whole character, or of the maximal prefix of one
    bool whole = false;
};

Run next_run(std::string_view bytes, std::size_t at) {
    const Form form = form_of(byte_at(bytes, at));
    if (!form.valid)
        return {};
    std::size_t length = 1;
    while (length <= form.following && at + length < bytes.size()) {
        const std::uint8_t byte = byte_at(bytes, at + length);
        const bool first = length == 1;
        if (byte < (first ? form.low : 0x80) || byte > (first ? form.high : 0xbf))
            break;
        ++length;
    }
    return {.length = length, .whole = length == form.following + 1};
}

// The code point of one whole character.
std::uint32_t code_point(std::string_view character) {
    const std::uint8_t lead = byte_at(character, 0);
    if (character.size() == 1)
        return lead;
    std::uint32_t value = lead & (0xffu >> (character.size() + 1));
    for (std::size_t at = 1; at < character.size(); at++)
        value = value << 6 | (byte_at(character, at) & 0x3fu);
    return value;
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

std::string valid_utf8(std::string_view bytes) {
    if (is_ascii(bytes)) // nearly all texts are
        return std::string(bytes);
    constexpr std::string_view replacement = "\xef\xbf\xbd";
    std::string text;
    text.reserve(bytes.size());
    for (std::size_t at = 0; at < bytes.size();) {
        const Run run = next_run(bytes, at);
        text += run.whole ? bytes.substr(at, run.length) : replacement;
        at += run.length;
    }
    return text;
}

std::string printable(std::string_view bytes) {
    const std::string text = valid_utf8(bytes);
    std::string shown;
    shown.reserve(text.size());
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t length = next_run(text, at).length;
        const std::string_view character = std::string_view(text).substr(at, length);
        if (const std::uint32_t value = code_point(character); steers(value))
            shown += "\\u{" + hex(value).substr(2) + "}";
        else
            shown += character;
        at += length;
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
