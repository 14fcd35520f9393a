// SPDX-License-Identifier: BSD-2-Clause
#include "base/text_out.hpp"

#include <iostream>
#include <utility>

#include "base/file.hpp"

namespace rcuscope {

TextOut& TextOut::operator<<(const JsonText& json) {
    stream() << json.text();
    return *this;
}

TextOut& TextOut::painted(std::string_view text, const char* code) {
    if (*code == '\0')
        *this << text;
    else
        *this << "\x1b[" << code << "m" << text << "\x1b[0m";
    return *this;
}

TextOut& TextOut::lines(std::string_view text) {
    bool first = true;
    for (const std::string_view line : split_lines(text)) {
        if (!std::exchange(first, false))
            *this << "\n    ";
        *this << line;
    }
    return *this;
}

TextOut& TextOut::flush() {
    stream().flush();
    return *this;
}

TextOut standard_output() {
    return std::cout;
}

StandardError::~StandardError() {
    std::cerr << text.view() << std::flush;
}

} // namespace rcuscope
