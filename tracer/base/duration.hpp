// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace rcuscope {

// Nanoseconds for people: "1.53 s", "20.1 ms", "870 us", "90 ns".
std::string duration_text(std::int64_t nanoseconds);

// "1.5s", "500ms", "20 us", "90ns", or a number of seconds: "2". Not negative.
Result<std::int64_t> parse_duration(std::string_view text);

} // namespace rcuscope
