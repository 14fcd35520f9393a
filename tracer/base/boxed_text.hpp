// SPDX-License-Identifier: BSD-2-Clause
//
// A string on the heap: one pointer, null if it is empty. It is for rows of which there are millions, most of them
// without a text.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace rcuscope {

// Has value semantics: a copy is deep.
class BoxedText {
public:
    BoxedText() = default;
    BoxedText(std::string text) : text_(text.empty() ? nullptr : std::make_unique<std::string>(std::move(text))) {}
    BoxedText(const char* text) : BoxedText(std::string(text)) {}
    BoxedText(const BoxedText& other) : BoxedText(other.str()) {}
    BoxedText(BoxedText&&) noexcept = default;
    BoxedText& operator=(const BoxedText& other) { return *this = BoxedText(other); }
    BoxedText& operator=(BoxedText&&) noexcept = default;
    ~BoxedText() = default;

    const std::string& str() const {
        static const std::string nothing;
        return text_ == nullptr ? nothing : *text_;
    }
    operator const std::string&() const { return str(); }

    friend bool operator==(const BoxedText& a, std::string_view b) { return a.str() == b; }

private:
    std::unique_ptr<std::string> text_; // null if it is empty
};

} // namespace rcuscope
