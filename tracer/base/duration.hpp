// SPDX-License-Identifier: BSD-2-Clause
//
// Durations as text, for messages and for options. A duration is a count of nanoseconds.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace rcuscope {

// Three significant digits, or whole seconds: "1.53 s", "20.1 ms", "870 us", "90 ns".
std::string duration_text(std::int64_t nanoseconds);

// Parses "1.5s", "500ms", "20 us", "90ns", or a number of seconds: "2". Anything else, a negative number, or 2^63 ns
// and more is ExitCode::bad_input.
Result<std::int64_t> parse_duration(std::string_view text);

} // namespace rcuscope
