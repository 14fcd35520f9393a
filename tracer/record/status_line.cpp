// SPDX-License-Identifier: BSD-2-Clause
#include "record/status_line.hpp"

#include <utility>

#include "base/text_out.hpp"

namespace rcuscope {

namespace {

constexpr char clear_line[] = "\r\033[K";

} // namespace

void StatusLine::show(const std::string& what) {
    if (!wanted_)
        return;
    StandardError() << clear_line << what;
    shown_ = true;
}

void StatusLine::clear() {
    if (std::exchange(shown_, false))
        StandardError() << clear_line;
}

std::string StatusLine::clearing() {
    return std::exchange(shown_, false) ? clear_line : "";
}

} // namespace rcuscope
