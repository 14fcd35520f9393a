// SPDX-License-Identifier: BSD-2-Clause
#include "record/status_line.hpp"

#include <iostream>
#include <utility>

namespace rcuscope {

namespace {

constexpr const char* clear_line = "\r\033[K";

} // namespace

void StatusLine::show(const std::string& what) {
    if (!wanted_)
        return;
    std::cerr << clear_line << what << std::flush;
    shown_ = true;
}

void StatusLine::clear() {
    std::cerr << clearing() << std::flush;
}

std::string StatusLine::clearing() {
    return std::exchange(shown_, false) ? clear_line : "";
}

} // namespace rcuscope
