// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace rcuscope {

// The text of something of which there are millions that have none: it takes the room of a pointer in each.
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
    std::unique_ptr<std::string> text_; // none if it is empty
};

} // namespace rcuscope
