// SPDX-License-Identifier: BSD-2-Clause
//
// A row of a long JSON array, written as text at once: a recording has millions of them, and an OrderedJson of each
// would cost ten times as much. What comes out is what OrderedJson::dump() makes of the same, byte by byte.
#pragma once

#include <charconv>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

#include "base/compact_optional.hpp"

namespace rcuscope {

class JsonRow {
public:
    void clear() {
        size_ = 0;
        empty_ = true;
    }
    std::string_view text() const { return std::string_view(text_).substr(0, size_); }

    void begin_object() { open('{'); }
    void end_object() { close('}'); }
    void begin_array() { open('['); }
    void end_array() { close(']'); }

    // Before each member's value. The key is a literal that needs no escaping.
    template <std::size_t size>
    void key(const char (&key)[size]) {
        constexpr std::size_t length = size - 1;
        separate();
        char* at = room(length + 3);
        *at++ = '"';
        std::memcpy(at, key, length);
        at += length;
        *at++ = '"';
        *at++ = ':';
        size_ += length + 3;
        empty_ = true; // nothing is to come between them
    }
    template <std::size_t size, typename Value>
    void member(const char (&name)[size], const Value& value) {
        key(name);
        this->value(value);
    }

    void value(std::nullptr_t) { put("null"); }
    void value(bool value) { value ? put("true") : put("false"); }
    template <std::integral Number>
    void value(Number number) {
        constexpr std::size_t most_digits = 20; // with a sign
        separate();
        char* at = room(most_digits);
        size_ = static_cast<std::size_t>(std::to_chars(at, at + most_digits, number).ptr - text_.data());
    }
    // What is not UTF-8 becomes U+FFFD.
    void value(std::string_view text);
    void value(const char* text) { value(std::string_view(text)); }
    void value(const std::string& text) { value(std::string_view(text)); }
    template <typename Value>
    void value(const std::optional<Value>& value) {
        value ? this->value(*value) : this->value(nullptr);
    }

    template <typename Value, typename Stored>
    void value(const CompactOptional<Value, Stored>& value) {
        this->value(std::optional<Value>(value));
    }

    // A text in parts that are known to need no escaping.
    template <typename... Parts>
    void plain(const Parts&... parts) {
        separate();
        char* at = room((std::string_view(parts).size() + ... + 2));
        *at++ = '"';
        ((at = copy(at, parts)), ...);
        *at++ = '"';
        size_ = static_cast<std::size_t>(at - text_.data());
    }
    // Whether it is such a part: ASCII without quotes, backslashes and control characters.
    static bool is_plain(std::string_view text);

private:
    static char* copy(char* to, std::string_view part) {
        std::memcpy(to, part.data(), part.size());
        return to + part.size();
    }

    char* room(std::size_t bytes) {
        if (text_.size() - size_ < bytes) {
            text_.resize(2 * (size_ + bytes));
        }
        return text_.data() + size_;
    }
    template <std::size_t size>
    void put(const char (&word)[size]) {
        separate();
        std::memcpy(room(size - 1), word, size - 1);
        size_ += size - 1;
    }
    void separate() {
        if (!empty_) {
            *room(1) = ',';
            ++size_;
        }
        empty_ = false;
    }
    void open(char bracket) {
        separate();
        *room(1) = bracket;
        ++size_;
        empty_ = true;
    }
    void close(char bracket) {
        *room(1) = bracket;
        ++size_;
        empty_ = false;
    }

    std::string text_; // and room for more
    std::size_t size_ = 0;
    bool empty_ = true; // no comma comes next
};

} // namespace rcuscope
