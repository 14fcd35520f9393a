// SPDX-License-Identifier: BSD-2-Clause
//
// A name that stands for nothing but itself in a line that the kernel parses.
//
// kprobe_events of tracefs takes one command a line, from root. A name out of a .ko is whatever its author wrote: a
// newline begins another command, '+' and '-' an offset, ':' and '/' another module or group, '%' a kind of probe.
// So what is written there is made of KernelNames, and there is no other way to make one than to look at it.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace rcuscope {

class KernelName {
public:
    // The kernel's own limit, KSYM_NAME_LEN without the zero at the end.
    static constexpr std::size_t longest = 511;

    // One letter, digit, '_', '.' or '$' at least, and nothing else; else nothing.
    static std::optional<KernelName> of(std::string_view text);

    const std::string& text() const { return text_; }
    bool operator==(const KernelName&) const = default;
    bool operator<(const KernelName& other) const { return text_ < other.text_; }

    // Why there is none, for messages.
    static constexpr const char* rule = "the kernel's files take names of letters, digits, '_', '.' and '$' only";

private:
    explicit KernelName(std::string_view text) : text_(text) {}

    std::string text_;
};

} // namespace rcuscope
