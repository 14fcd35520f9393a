// SPDX-License-Identifier: BSD-2-Clause
#include "cli/hazard_options.hpp"

#include <gmock/gmock.h>
#include <string>

namespace rcuscope::test {
namespace {

using testing::HasSubstr;

// Parses the arguments; returns the error, if there is one.
std::string parse(std::string arguments, HazardLimits& limits, std::string& fail_on) {
    CLI::App app;
    add_hazard_limits(app, limits);
    add_fail_on(app, fail_on);
    try {
        app.parse(std::move(arguments));
    } catch (const CLI::ParseError& error) {
        return error.what();
    }
    return {};
}

Hazard of(const char* severity) {
    Hazard hazard;
    hazard.severity = severity;
    return hazard;
}

TEST(HazardOptions, KeepTheLimitsUnlessTold) {
    HazardLimits limits;
    std::string fail_on;
    EXPECT_EQ(parse("", limits, fail_on), "");
    EXPECT_EQ(limits.long_reader, 1'000'000'000);
    EXPECT_EQ(limits.callback_flood, 10'000U);
    EXPECT_EQ(fail_on, "");
}

TEST(HazardOptions, TakeDurationsAndNumbers) {
    HazardLimits limits;
    std::string fail_on;
    EXPECT_EQ(parse("--long-reader 500ms --callback-flood 7 --fail-on latent", limits, fail_on), "");
    EXPECT_EQ(limits.long_reader, 500'000'000);
    EXPECT_EQ(limits.callback_flood, 7U);
    EXPECT_EQ(fail_on, "latent");
    EXPECT_EQ(parse("--long-reader 2", limits, fail_on), "");
    EXPECT_EQ(limits.long_reader, 2'000'000'000);
}

TEST(HazardOptions, SayWhatIsWrong) {
    HazardLimits limits;
    std::string fail_on;
    EXPECT_THAT(parse("--long-reader 1h", limits, fail_on),
                HasSubstr("'1h' is not a duration: it has an unknown unit; write a number and a unit"));
    EXPECT_THAT(parse("--callback-flood many", limits, fail_on), HasSubstr("--callback-flood"));
    EXPECT_THAT(parse("--fail-on everything", limits, fail_on), HasSubstr("--fail-on"));
}

TEST(ReasonToFail, NoneUnlessAskedFor) {
    EXPECT_EQ(reason_to_fail({of("fatal")}, ""), std::nullopt);
    EXPECT_EQ(reason_to_fail({}, "hazard"), std::nullopt);
}

TEST(ReasonToFail, TheSeverityAskedForOrWorse) {
    const std::vector<Hazard> hazards = {of("warning"), of("latent"), of("warning")};
    EXPECT_EQ(reason_to_fail(hazards, "fatal"), std::nullopt);
    EXPECT_EQ(reason_to_fail(hazards, "latent"), "1 hazard was found: 1 latent (--fail-on latent)");
    EXPECT_EQ(reason_to_fail(hazards, "warning"), "3 hazards were found: 1 latent, 2 warning (--fail-on warning)");
    EXPECT_EQ(reason_to_fail(hazards, "hazard"), "3 hazards were found: 1 latent, 2 warning (--fail-on hazard)");
}

} // namespace
} // namespace rcuscope::test
