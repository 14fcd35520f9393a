// SPDX-License-Identifier: BSD-2-Clause
#include "kernel/kernel_name.hpp"

#include <algorithm>

namespace rcuscope {

namespace {

// ASCII only, in every locale.
bool is_plain(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
           c == '$';
}

} // namespace

std::optional<KernelName> KernelName::of(std::string_view text) {
    if (text.empty() || text.size() > longest || !std::all_of(text.begin(), text.end(), is_plain))
        return std::nullopt;
    return KernelName(text);
}

} // namespace rcuscope
