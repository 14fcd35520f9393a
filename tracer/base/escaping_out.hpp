// SPDX-License-Identifier: BSD-2-Clause
//
// Output that makes text harmless by itself. A literal goes out as it is written
// in the code. Any other text may come from a file, a kernel or an argument, and
// goes through the function of the medium.
#pragma once

#include <concepts>
#include <cstddef>
#include <ostream>
#include <string>
#include <string_view>

namespace rcuscope {

// A handle: copies write to the same stream, which has to outlive them.
template <std::string (*harmless)(std::string_view)>
class EscapingOut {
public:
    explicit EscapingOut(std::ostream& out) : out_(&out) {}

    template <std::size_t size>
    EscapingOut& operator<<(const char (&literal)[size]) {
        *out_ << std::string_view(literal, size - 1);
        return *this;
    }
    // An array that is not constant is a buffer with somebody's text in it.
    template <std::size_t size>
    EscapingOut& operator<<(char (&buffer)[size]) = delete;
    EscapingOut& operator<<(char) = delete;
    EscapingOut& operator<<(std::string_view text) {
        *out_ << harmless(text);
        return *this;
    }
    EscapingOut& operator<<(const std::string& text) { return *this << std::string_view(text); }
    // A template, as a literal would rather be a pointer than an array.
    template <std::same_as<const char*> Pointer>
    EscapingOut& operator<<(const Pointer& text) {
        return *this << std::string_view(text);
    }
    template <std::integral Number>
    EscapingOut& operator<<(Number number) {
        *out_ << std::to_string(number); // a small one is no character
        return *this;
    }

protected:
    std::ostream& stream() { return *out_; }

private:
    std::ostream* out_;
};

} // namespace rcuscope
