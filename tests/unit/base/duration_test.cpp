// SPDX-License-Identifier: BSD-2-Clause
#include "base/duration.hpp"

#include <gtest/gtest.h>

namespace rcuscope::test {
namespace {

TEST(DurationText, ThreeDigitsInTheUnitThatFits) {
    EXPECT_EQ(duration_text(0), "0 ns");
    EXPECT_EQ(duration_text(90), "90 ns");
    EXPECT_EQ(duration_text(999), "999 ns");
    EXPECT_EQ(duration_text(1'000), "1 us");
    EXPECT_EQ(duration_text(870'400), "870 us");
    EXPECT_EQ(duration_text(20'100'000), "20.1 ms");
    EXPECT_EQ(duration_text(1'534'000'000), "1.53 s");
}

TEST(DurationText, RoundsUpToTheNextUnit) {
    EXPECT_EQ(duration_text(999'499), "999 us");
    EXPECT_EQ(duration_text(999'500), "1 ms");
    EXPECT_EQ(duration_text(999'999'999), "1 s");
}

TEST(DurationText, LongOnesAreWholeSeconds) {
    EXPECT_EQ(duration_text(999'400'000'000), "999 s");
    EXPECT_EQ(duration_text(1'000'000'000'000), "1000 s");
    EXPECT_EQ(duration_text(86'400'000'000'000), "86400 s");
}

TEST(DurationText, NegativeOnesHaveUnitsToo) {
    EXPECT_EQ(duration_text(-90), "-90 ns");
    EXPECT_EQ(duration_text(-20'100'000), "-20.1 ms");
}

TEST(ParseDuration, NumbersWithUnits) {
    EXPECT_EQ(parse_duration("500ms"), 500'000'000);
    EXPECT_EQ(parse_duration("1s"), 1'000'000'000);
    EXPECT_EQ(parse_duration("1.5s"), 1'500'000'000);
    EXPECT_EQ(parse_duration("20 us"), 20'000);
    EXPECT_EQ(parse_duration("90ns"), 90);
    EXPECT_EQ(parse_duration("0"), 0);
}

TEST(ParseDuration, WithoutAUnitItIsSeconds) {
    EXPECT_EQ(parse_duration("2"), 2'000'000'000);
    EXPECT_EQ(parse_duration("0.25"), 250'000'000);
}

TEST(ParseDuration, SaysWhatIsWrong) {
    const auto why = [](std::string_view text) {
        const auto parsed = parse_duration(text);
        return parsed ? "nothing" : parsed.error().why;
    };
    EXPECT_EQ(why(""), "it does not begin with a number");
    EXPECT_EQ(why("fast"), "it does not begin with a number");
    EXPECT_EQ(why("nan"), "it does not begin with a number");
    EXPECT_EQ(why("inf"), "it does not begin with a number");
    EXPECT_EQ(why("-1s"), "it is negative");
    EXPECT_EQ(why("1h"), "it has an unknown unit");
    EXPECT_EQ(why("1sms"), "it has an unknown unit");
    EXPECT_EQ(why("1ms "), "it has an unknown unit");
    EXPECT_EQ(why("9223372037s"), "it is too long");
    EXPECT_EQ(why(std::string(400, '9')), "it is too long");
    EXPECT_EQ(parse_duration("1h").error().what, "'1h' is not a duration");
}

} // namespace
} // namespace rcuscope::test
