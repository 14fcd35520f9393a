// SPDX-License-Identifier: BSD-2-Clause
//
// Output of text for people, on a terminal or in a file. It escapes text with printable() (text.hpp), so that a name
// can neither control the terminal nor begin a new line.
#pragma once

#include <iosfwd>
#include <sstream>
#include <string_view>

#include "base/escaping_out.hpp"
#include "base/json_text.hpp"
#include "base/text.hpp"

namespace rcuscope {

class TextOut : public EscapingOut<printable> {
public:
    TextOut(std::ostream& out)
        : EscapingOut(out) {} // NOLINT(google-explicit-constructor): any stream can be written to

    using EscapingOut::operator<<;
    // JsonText is already escaped, and its line breaks stay.
    TextOut& operator<<(const JsonText& json);
    // Sets an SGR code of the terminal ("1;31") for the text, unless `code` is empty.
    TextOut& painted(std::string_view text, const char* code);
    // Keeps line breaks. Indents the lines after the first, so that they do not look like separate messages.
    TextOut& lines(std::string_view text);
    TextOut& flush();
};

// All text to standard output and standard error goes through standard_output() and StandardError.
TextOut standard_output();

// A base class, so that the buffer is constructed before the TextOut that writes to it.
struct MessageText {
    std::ostringstream text;
};

// A message on standard error. The destructor writes it with one call, because the recorded command and other processes
// write to the same terminal.
class StandardError : private MessageText, public TextOut {
public:
    StandardError() : TextOut(text) {}
    StandardError(const StandardError&) = delete;
    StandardError& operator=(const StandardError&) = delete;
    ~StandardError();
};

} // namespace rcuscope
