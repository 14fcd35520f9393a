// SPDX-License-Identifier: BSD-2-Clause
//
// String pool for the names of functions, modules and tasks: a recording has few different ones and millions of uses.
// The pool keeps each text once, and as long as it exists. A PooledString is an id in the pool that the thread has
// bound (binding.hpp), which is cheap to copy and to compare.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <iosfwd>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/binding.hpp"
#include "base/seeded_hash.hpp"

namespace rcuscope {

class StringPool : public Bindable {
public:
    StringPool();

    std::uint32_t id_of(std::string_view text); // adds the text if the pool does not have it
    const std::string& operator[](std::uint32_t id) const { return *texts_[id]; }
    std::size_t size() const { return texts_.size(); }

private:
    std::deque<std::string> kept_;          // a deque, so that the strings never move
    std::vector<const std::string*> texts_; // by id; 0 is the empty text
    std::unordered_map<std::string_view, std::uint32_t, SeededHash> ids_;
};

class PooledString {
public:
    PooledString() = default;
    PooledString(std::string_view text) : id_(text.empty() ? 0 : Binding<StringPool>::current().id_of(text)) {}
    PooledString(const std::string& text) : PooledString(std::string_view(text)) {}
    PooledString(const char* text) : PooledString(std::string_view(text)) {}

    const std::string& str() const { return Binding<StringPool>::current()[id_]; }
    operator const std::string&() const { return str(); }
    operator std::string_view() const { return str(); }

    bool empty() const { return id_ == 0; }
    std::size_t size() const { return str().size(); }
    bool starts_with(std::string_view text) const { return str().starts_with(text); }
    std::uint32_t id() const { return id_; } // in order of creation; meaningful in its pool only

    friend bool operator==(PooledString, PooledString) = default;
    friend bool operator==(PooledString a, std::string_view b) { return a.str() == b; }
    friend bool operator==(PooledString a, const std::string& b) { return a.str() == b; }
    friend bool operator==(PooledString a, const char* b) { return a.str() == b; }
    // By text, not by id.
    friend std::strong_ordering operator<=>(PooledString a, PooledString b) {
        return a.id_ == b.id_ ? std::strong_ordering::equal : a.str() <=> b.str();
    }

    friend std::string operator+(std::string a, PooledString b) { return std::move(a += b.str()); }
    friend std::string operator+(PooledString a, std::string_view b) { return a.str() + std::string(b); }
    friend std::string operator+(PooledString a, char b) { return a.str() + b; }
    friend std::ostream& operator<<(std::ostream& out, PooledString text);

private:
    std::uint32_t id_ = 0;
};

} // namespace rcuscope

template <>
struct std::hash<rcuscope::PooledString> {
    std::size_t operator()(rcuscope::PooledString text) const { return text.id(); }
};
