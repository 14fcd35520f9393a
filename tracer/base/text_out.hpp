// SPDX-License-Identifier: BSD-2-Clause
//
// Text for people: what commands print on a terminal, and the same in a file. No
// name can steer the terminal or begin a line of its own (printable()).
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
    // JSON is harmless already, and has lines of its own.
    TextOut& operator<<(const JsonText& json);
    // With an SGR code of a terminal ("1;31"), unless that is empty.
    TextOut& painted(std::string_view text, const char* code);
    // Each line as a text of its own; lines after the first are indented, so that none passes for another message.
    TextOut& lines(std::string_view text);
    TextOut& flush();
};

// These are the only ways to the program's standard output and standard error.
TextOut standard_output();

// A base, so that it is there before what writes to it.
struct MessageText {
    std::ostringstream text;
};

// A message: put together in memory and written at once when it goes out of scope, since the recorded command and
// other processes write to the terminal, too.
class StandardError : private MessageText, public TextOut {
public:
    StandardError() : TextOut(text) {}
    StandardError(const StandardError&) = delete;
    StandardError& operator=(const StandardError&) = delete;
    ~StandardError();
};

} // namespace rcuscope
