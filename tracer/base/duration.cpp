// SPDX-License-Identifier: BSD-2-Clause
#include "base/duration.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <system_error>

namespace rcuscope {

namespace {

struct Unit {
    std::string_view name;
    double nanoseconds;
};
constexpr std::array<Unit, 5> units{{{"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}, {"", 1e9}}};

} // namespace

std::string duration_text(std::int64_t nanoseconds) {
    // %.3g prints an exponent for a value that rounds up to 1000. Such a value (999.5 and more) takes the next unit, as
    // 1. From 999.5 s on, %.0f prints whole seconds.
    std::array<char, 48> text{};
    const double value = static_cast<double>(nanoseconds);
    const double size = std::abs(value);
    if (size < 1e3)
        std::snprintf(text.data(), text.size(), "%.0f ns", value);
    else if (size < 999.5e3)
        std::snprintf(text.data(), text.size(), "%.3g us", value / 1e3);
    else if (size < 999.5e6)
        std::snprintf(text.data(), text.size(), "%.3g ms", value / 1e6);
    else if (size < 999.5e9)
        std::snprintf(text.data(), text.size(), "%.3g s", value / 1e9);
    else
        std::snprintf(text.data(), text.size(), "%.0f s", value / 1e9);
    return text.data();
}

Result<std::int64_t> parse_duration(std::string_view text) {
    const auto wrong = [text](const char* why) {
        return fail(
            ExitCode::bad_input, "'" + std::string(text) + "' is not a duration", why,
            "write a number and a unit (ns, us, ms or s), such as 500ms; a number without a unit is in seconds");
    };
    double value = 0;
    const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
    if (error == std::errc::result_out_of_range)
        return wrong("it is too long");
    if (error != std::errc() || !std::isfinite(value))
        return wrong("it does not begin with a number");
    if (value < 0)
        return wrong("it is negative");
    std::string_view name = text.substr(static_cast<std::size_t>(rest - text.data()));
    name.remove_prefix(std::min(name.find_first_not_of(' '), name.size()));
    for (const Unit& unit : units) {
        if (unit.name != name)
            continue;
        // 2^63 is the first value that does not fit.
        if (value * unit.nanoseconds >= 0x1p63)
            return wrong("it is too long");
        return static_cast<std::int64_t>(std::llround(value * unit.nanoseconds));
    }
    return wrong("it has an unknown unit");
}

} // namespace rcuscope
