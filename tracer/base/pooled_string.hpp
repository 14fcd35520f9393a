// SPDX-License-Identifier: BSD-2-Clause
//
// String pool for the names of functions, modules and tasks: a recording has few different ones and millions of uses.
// The pool keeps each text once; interning.hpp says for how long. A PooledString is an id, which is cheap to copy and
// to compare.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

namespace rcuscope {

class PooledString {
public:
    PooledString() = default;
    PooledString(std::string_view text) : id_(text.empty() ? 0 : id_of(text)) {}
    PooledString(const std::string& text) : PooledString(std::string_view(text)) {}
    PooledString(const char* text) : PooledString(std::string_view(text)) {}

    const std::string& str() const { return *texts_[id_]; }
    operator const std::string&() const { return str(); }
    operator std::string_view() const { return str(); }

    bool empty() const { return id_ == 0; }
    std::size_t size() const { return str().size(); }
    bool starts_with(std::string_view text) const { return str().starts_with(text); }
    std::uint32_t id() const { return id_; } // in order of creation; meaningful in this process only

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
    class Table;
    static std::uint32_t id_of(std::string_view text);

    static std::vector<const std::string*> texts_; // by id; 0 is the empty text
    std::uint32_t id_ = 0;
};

} // namespace rcuscope

template <>
struct std::hash<rcuscope::PooledString> {
    std::size_t operator()(rcuscope::PooledString text) const { return text.id(); }
};
