// SPDX-License-Identifier: BSD-2-Clause
//
// An output stream that escapes text. It writes a string literal as it is. Any other text may come from a file, a
// kernel or an argument, and passes through the escape function of the medium (terminal, Markdown, XML).
#pragma once

#include <concepts>
#include <cstddef>
#include <ostream>
#include <string>
#include <string_view>

namespace rcuscope {

// A handle: copies write to the same stream, which must outlive them. `harmless` is the escape function.
template <std::string (*harmless)(std::string_view)>
class EscapingOut {
public:
    explicit EscapingOut(std::ostream& out) : out_(&out) {}

    template <std::size_t size>
    EscapingOut& operator<<(const char (&literal)[size]) {
        *out_ << std::string_view(literal, size - 1);
        return *this;
    }
    // A non-const array is a buffer, whose text may come from outside.
    template <std::size_t size>
    EscapingOut& operator<<(char (&buffer)[size]) = delete;
    EscapingOut& operator<<(char) = delete;
    EscapingOut& operator<<(std::string_view text) {
        *out_ << harmless(text);
        return *this;
    }
    EscapingOut& operator<<(const std::string& text) { return *this << std::string_view(text); }
    // A template, because overload resolution would prefer a plain const char* overload for literals.
    template <std::same_as<const char*> Pointer>
    EscapingOut& operator<<(const Pointer& text) {
        return *this << std::string_view(text);
    }
    template <std::integral Number>
    EscapingOut& operator<<(Number number) {
        *out_ << std::to_string(number); // to_string(), so that an int8_t is printed as a number
        return *this;
    }

protected:
    std::ostream& stream() { return *out_; }

private:
    std::ostream* out_;
};

} // namespace rcuscope
