// SPDX-License-Identifier: BSD-2-Clause
#include "cli/hazard_options.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

#include "base/duration.hpp"

namespace rcuscope {

namespace {

constexpr const char* any_hazard = "hazard";
constexpr std::array<const char*, 3> severities{"fatal", "latent", "warning"}; // worst first

} // namespace

void add_hazard_limits(CLI::App& command, HazardLimits& limits) {
    command
        .add_option_function<std::string>(
            "--long-reader",
            [&limits](const std::string& text) {
                const auto duration = parse_duration(text);
                if (!duration)
                    throw CLI::ValidationError("--long-reader", duration.error().what + ": " + duration.error().why +
                                                                    "; " + duration.error().hint);
                limits.long_reader = *duration;
            },
            "A read-side section of this length or more is a hazard: 500ms, 1s, or a number of seconds")
        ->type_name("DURATION")
        ->default_str(std::to_string(limits.long_reader / 1'000'000'000) + "s");
    command
        .add_option("--callback-flood", limits.callback_flood,
                    "More callbacks of one function than this, pending at once, are a hazard")
        ->type_name("N")
        ->capture_default_str();
}

void add_fail_on(CLI::App& command, std::string& fail_on) {
    command
        .add_option("--fail-on", fail_on,
                    "Exit code 1 if there was a hazard of this severity or worse (fatal, latent, warning), or any "
                    "hazard (hazard)")
        ->type_name("SEVERITY")
        ->check(CLI::IsMember(std::vector<std::string>{any_hazard, severities[0], severities[1], severities[2]}));
}

std::optional<std::string> reason_to_fail(const std::vector<Hazard>& hazards, const std::string& fail_on) {
    if (fail_on.empty())
        return std::nullopt;
    std::string found;
    std::size_t count = 0;
    for (const char* severity : severities) {
        const auto same = static_cast<std::size_t>(std::count_if(
            hazards.begin(), hazards.end(), [&](const auto& hazard) { return hazard.severity == severity; }));
        if (same > 0)
            found += (found.empty() ? "" : ", ") + std::to_string(same) + " " + severity;
        count += same;
        if (fail_on == severity)
            break;
    }
    if (count == 0)
        return std::nullopt;
    return std::to_string(count) + (count == 1 ? " hazard was found: " : " hazards were found: ") + found +
           " (--fail-on " + fail_on + ")";
}

} // namespace rcuscope
