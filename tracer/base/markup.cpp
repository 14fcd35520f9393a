// SPDX-License-Identifier: BSD-2-Clause
#include "base/markup.hpp"

#include <cctype>
#include <cstddef>

#include "base/text.hpp"

namespace rcuscope {

namespace {

constexpr std::string_view break_link = "&#8203;"; // zero-width space

bool is_alphanumeric(std::string_view text, std::size_t at) {
    return at < text.size() && std::isalnum(static_cast<unsigned char>(text[at])) != 0;
}

// Whether a renderer may make a link of this character and the next ones: @name and user@host, #12 and !12 (GitHub,
// GitLab), https://, www.host.
bool may_begin_link(std::string_view text, std::size_t at) {
    constexpr std::size_t www = 3;
    switch (text[at]) {
    case '@':
        return true;
    case '#':
    case '!':
        return is_alphanumeric(text, at + 1);
    case ':':
        return at + 1 < text.size() && text[at + 1] == '/';
    case 'w':
    case 'W':
        if (at + 1 < www || at + 1 >= text.size() || text[at + 1] != '.')
            return false;
        for (std::size_t back = at + 1 - www; back <= at; back++)
            if (text[back] != 'w' && text[back] != 'W')
                return false;
        return true;
    default:
        return false;
    }
}

// "- x", "1. x", "=====": a list or a heading. They count only at the beginning of a line, and a text may stand there.
bool begins_block(std::string_view text, std::size_t at) {
    const char next = at + 1 < text.size() ? text[at + 1] : '\0';
    if (at == 0)
        return (text[at] == '-' || text[at] == '+' || text[at] == '=') && (next == ' ' || next == text[at]);
    return (text[at] == '.' || text[at] == ')') && next == ' ' && text.find_first_not_of("0123456789") == at;
}

} // namespace

std::string markdown_text(std::string_view named) {
    constexpr std::string_view special = "\\`*[]<>|&~#$";
    const std::string text = printable(named);
    std::string result;
    result.reserve(text.size());
    for (std::size_t at = 0; at < text.size(); at++) {
        // An underscore within a word needs no escape, and most function names have one.
        const bool within_word = at > 0 && is_alphanumeric(text, at - 1) && is_alphanumeric(text, at + 1);
        if (special.find(text[at]) != std::string_view::npos || (text[at] == '_' && !within_word) ||
            begins_block(text, at))
            result += '\\';
        result += text[at];
        if (may_begin_link(text, at))
            result += break_link;
    }
    return result;
}

std::string xml_characters(std::string_view text) {
    std::string result = printable(text);
    for (const std::string_view none : {"\xef\xbf\xbe", "\xef\xbf\xbf"})
        for (std::size_t at = result.find(none); at != std::string::npos; at = result.find(none, at))
            result.replace(at, none.size(), "\xef\xbf\xbd");
    return result;
}

} // namespace rcuscope
