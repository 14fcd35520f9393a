// SPDX-License-Identifier: BSD-2-Clause
//
// A validated name for a line of text that the kernel parses.
//
// kprobe_events of tracefs takes one command on each line, from root. A name in a .ko is untrusted input: a newline
// begins another command, '+' and '-' an offset, ':' and '/' another module or group, '%' a kind of probe. So text for
// that file is made of KernelName objects, and of() validates each of them.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace rcuscope {

class KernelName {
public:
    // The kernel's limit: KSYM_NAME_LEN without the terminating zero.
    static constexpr std::size_t longest = 511;

    // Accepts one or more letters, digits, '_', '.' and '$'. Returns nothing for any other text.
    static std::optional<KernelName> of(std::string_view text);

    const std::string& text() const { return text_; }
    bool operator==(const KernelName&) const = default;
    bool operator<(const KernelName& other) const { return text_ < other.text_; }

    // For messages: why a name is refused.
    static constexpr const char* rule = "the kernel's files take names of letters, digits, '_', '.' and '$' only";

private:
    explicit KernelName(std::string_view text) : text_(text) {}

    std::string text_;
};

} // namespace rcuscope
