// SPDX-License-Identifier: BSD-2-Clause
//
// Writes one element of a long JSON array directly as text. A recording has millions of elements, and an OrderedJson
// for each would cost ten times as much. The bytes are the same as those of JsonText (json_text.hpp).
//
// RapidJSON's Writer takes 2200 ns for the row of a callback, and JsonRow 390 ns: names of members and pooled strings
// need no escaping here and are copied as they are.
#pragma once

#include <charconv>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/compact_optional.hpp"
#include "base/pooled_string.hpp"

namespace rcuscope {

class JsonRow {
public:
    void clear() {
        size_ = 0;
        empty_ = true;
    }
    std::string_view text() const { return {text_.get(), size_}; }

    void begin_object() { open('{'); }
    void end_object() { close('}'); }
    void begin_array() { open('['); }
    void end_array() { close(']'); }

    // Call this before the value of each member. The key is a literal that needs no escaping.
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
        empty_ = true; // no comma between key and value
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
        constexpr std::size_t max_digits = 20; // of a 64-bit number, including a sign
        separate();
        char* at = room(max_digits);
        size_ = static_cast<std::size_t>(std::to_chars(at, at + max_digits, number).ptr - text_.get());
    }
    // Invalid UTF-8 becomes U+FFFD.
    void value(std::string_view text);
    void value(PooledString text) {
        if (text.id() >= known_.size() || known_[text.id()].empty()) [[unlikely]]
            learn(text);
        json(known_[text.id()]);
    }
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

private:
    // True if no escaping is needed: only printable ASCII, no quotes or backslashes.
    static bool is_plain(std::string_view text);

    [[gnu::always_inline]] char* room(std::size_t bytes) {
        if (capacity_ - size_ < bytes) [[unlikely]]
            grow(bytes);
        return text_.get() + size_;
    }
    void grow(std::size_t bytes);
    void learn(PooledString text);
    // Appends a value that is already JSON.
    void json(std::string_view value) {
        separate();
        std::memcpy(room(value.size()), value.data(), value.size());
        size_ += value.size();
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

    std::unique_ptr<char[]> text_;
    std::size_t capacity_ = 0;
    std::size_t size_ = 0;
    bool empty_ = true;              // the next value needs no comma before it
    std::vector<std::string> known_; // cache: the JSON of shared texts by id, empty if not made yet
};

} // namespace rcuscope
