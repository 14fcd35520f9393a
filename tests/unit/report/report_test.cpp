// SPDX-License-Identifier: BSD-2-Clause
#include "report/report.hpp"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>
#include <sstream>

#include "analysis/digest.hpp"
#include "export/golden.hpp"
#include "export/rich_timeline.hpp"
#include "report/show.hpp"

namespace rcuscope::test {
namespace {

using testing::HasSubstr;
using testing::Not;
using Json = nlohmann::json;

std::string text_of(const Analysed& timeline, const Style& style = {}) {
    std::ostringstream out;
    show_text(report_of(timeline, with_numbers(timeline)), style, out);
    return out.str();
}

std::string markdown_of(const Analysed& timeline) {
    std::ostringstream out;
    show_markdown(report_of(timeline, with_numbers(timeline)), {.unicode = true}, out);
    return out.str();
}

std::string json_of(const Analysed& timeline) {
    std::ostringstream out;
    write_report_json(timeline, with_numbers(timeline), out);
    return out.str();
}

// More events than in rich_timeline(), for percentiles, charts and lists of the longest.
Analysed busy_timeline() {
    Analysed timeline = rich_timeline();
    timeline.capture.end = 2'000'000'000;
    for (int i = 0; i < 200; i++) {
        GracePeriod grace_period = timeline.grace_periods[1];
        grace_period.id = static_cast<std::uint32_t>(timeline.grace_periods.size() + 1);
        grace_period.gp_seq = std::int64_t{4} * i;
        grace_period.expedited = i % 10 == 9;
        grace_period.start = Nanoseconds{10'000'000} * i;
        grace_period.end =
            *grace_period.start + (grace_period.expedited ? 100'000 : 4'000'000) + Nanoseconds{20'000} * i * i;
        timeline.grace_periods.push_back(grace_period);
        timeline.found.holders.push_back(timeline.found.holders[1]);
        timeline.found.holders.back()->text =
            "GP " + std::to_string(grace_period.gp_seq) + " was held by number " + std::to_string(i);

        Callback callback = queued(static_cast<std::uint32_t>(timeline.callbacks.size() + 1),
                                   *grace_period.start - 500'000, CallbackState::done);
        callback.function = i % 3 ? in_module("node_free") : in_kernel("file_free_rcu");
        callback.invoked = *grace_period.end + 300'000;
        callback.done = *callback.invoked + Nanoseconds{1'000} * i;
        callback.grace_period = grace_period.id;
        timeline.callbacks.push_back(callback);
    }
    return timeline;
}

TEST(Report, SaysHowManySectionsDidNotEnd) {
    const Json json = Json::parse(json_of(rich_timeline()));
    const auto row = std::find_if(json["readers"].begin(), json["readers"].end(),
                                  [](const Json& reader) { return reader["function"] == "rcucmap:cmap_get"; });
    ASSERT_NE(row, json["readers"].end());
    EXPECT_EQ((*row)["count"], 4);
    EXPECT_EQ((*row)["never_ended"], 1);
    EXPECT_EQ((*row)["ends_unseen"], 0);
    EXPECT_EQ((*row)["open"], 1);
    EXPECT_THAT(text_of(rich_timeline()),
                HasSubstr("  rcucmap:cmap_get\n    1 of 4 did not end, 1 of 4 without an end in the recording\n"));
}

TEST(Report, IsGolden) {
    expect_golden("report.txt", text_of(busy_timeline(), {.unicode = true}));
    expect_golden("report.md", markdown_of(busy_timeline()));
    expect_golden("report.json", json_of(busy_timeline()));
}

TEST(Report, IsGoldenOfNothing) {
    expect_golden("report-empty.txt", text_of(Analysed()));
    expect_golden("report-empty.json", json_of(Analysed()));
}

TEST(Report, IsGoldenWithNastyNames) {
    expect_golden("report-nasty.md", markdown_of(nasty_timeline()));
    expect_golden("report-nasty.json", json_of(nasty_timeline()));
}

TEST(Report, SaysTheWorstFirst) {
    Analysed timeline = rich_timeline();
    std::swap(timeline.found.hazards.front(), timeline.found.hazards.back());
    timeline.found.hazards[1].severity = "latent";
    const std::string text = text_of(timeline);
    EXPECT_LT(text.find("fatal: "), text.find("latent: "));
    EXPECT_LT(text.find("latent: "), text.find("warning: "));
    EXPECT_EQ(Json::parse(json_of(timeline))["hazards"][0]["severity"], "fatal");
}

TEST(Report, SaysWhatLossesMakeUncertain) {
    Analysed timeline = rich_timeline();
    timeline.capture.complete = false;
    timeline.capture.end_reason = "a chunk is cut";
    const std::string text = text_of(timeline);
    for (const char* sentence :
         {"a chunk is cut.", "15 records could not be delivered: 12 of CPU 1 from 7 ms to 7.5 ms; 3 of CPU 2",
          "1 event was not recorded, because the kernel skipped the program of the probe (gp.start 1)",
          "this kernel has no function to attach to", "It is unknown whether 2 of 6 callbacks ran",
          "2 normal grace periods without a recorded start or end", "by up to 20 us."})
        EXPECT_THAT(text, HasSubstr(sentence));
    EXPECT_THAT(text_of(Analysed()), HasSubstr("cut off"));
    Analysed whole;
    whole.capture.complete = true;
    EXPECT_THAT(text_of(whole), HasSubstr("Nothing was lost."));
}

TEST(Report, CallbacksWithoutANameAreNotTheKernels) {
    Analysed timeline = rich_timeline();
    const Json modules = Json::parse(json_of(timeline))["callbacks"]["modules"];
    ASSERT_EQ(modules.size(), 3U);
    EXPECT_EQ(modules[0]["module"], "rcucmap");
    EXPECT_EQ(modules[1]["module"], nullptr);
    EXPECT_TRUE(modules[1]["known"]) << "the kernel proper";
    EXPECT_FALSE(modules[2]["known"]);
    EXPECT_THAT(text_of(timeline), HasSubstr("(kernel proper)"));
}

TEST(Report, WaitsWhereMostTimeWasLostComeFirst) {
    Analysed timeline;
    const auto add = [&](const char* caller, Nanoseconds duration) {
        Wait wait;
        wait.caller = in_kernel(caller);
        wait.end = duration;
        timeline.waits.push_back(wait);
    };
    add("often", 1'000);
    add("often", 1'000);
    add("long", 5'000'000);
    const std::string text = text_of(timeline);
    EXPECT_LT(text.find("long"), text.find("often"));
    EXPECT_THAT(text, HasSubstr("synchronize_rcu  often      2   2 us"));
}

TEST(Report, TwentyRowsAreEnoughForPeople) {
    Analysed timeline;
    for (int i = 0; i < 23; i++) {
        Callback callback;
        callback.function = in_kernel(("free_" + std::to_string(i)).c_str());
        timeline.callbacks.push_back(callback);
    }
    EXPECT_THAT(text_of(timeline), HasSubstr("and 3 more: --json has them all"));
    EXPECT_EQ(Json::parse(json_of(timeline))["callbacks"]["functions"].size(), 23U);
}

// Any text of a recording may contain control sequences or markup against the reader of the report.
TEST(Report, UntrustedTextIsShownNotObeyed) {
    Analysed timeline = busy_timeline();
    const std::string evil = "\x1b[2J<b>|`*x_\n# y";
    timeline.host.kernel = evil;
    timeline.host.settings["preemption"] = evil;
    timeline.capture.complete = false;
    timeline.capture.end_reason = evil;
    timeline.capture.command = {evil};
    timeline.capture.followed = {evil};
    timeline.capture.missing = {{evil, evil}};
    timeline.capture.probes[0].hook = evil;
    timeline.capture.stats->programs[0].program = evil;
    timeline.found.verdicts[0].text = evil;
    for (Hazard& hazard : timeline.found.hazards)
        hazard.kind = hazard.severity = hazard.text = evil;
    for (std::optional<Holder>& holder : timeline.found.holders)
        if (holder)
            holder->text = evil;
    for (Callback& callback : timeline.callbacks)
        callback.function = in_module(evil.c_str());
    for (ReadSection& section : timeline.read_sections) {
        section.place = in_module(evil.c_str());
        section.comm = evil;
    }
    for (Wait& wait : timeline.waits)
        wait.caller = in_module(evil.c_str());
    EXPECT_THAT(text_of(timeline), Not(HasSubstr("\x1b")));
    EXPECT_THAT(text_of(timeline), HasSubstr("\\u{1b}[2J<b>"));
    const std::string markdown = markdown_of(timeline);
    EXPECT_THAT(markdown, Not(HasSubstr("\x1b")));
    for (const char* raw : {" <b>", "J<b>", "b>|", ">`", ">*"})
        EXPECT_THAT(markdown, Not(HasSubstr(raw)));
    EXPECT_NO_THROW(std::ignore = Json::parse(json_of(timeline)));
}

TEST(Chart, CountsEveryDurationOnce) {
    Histogram histogram;
    for (const Nanoseconds duration : {0, 1, 4, 5, 9'999, 10'000, 19'999, 20'000, 2'000'000'000})
        histogram.add(duration);
    const Chart chart = chart_of(histogram, "title");
    std::uint64_t count = 0;
    for (const Chart::Bar& bar : chart.bars)
        count += bar.count;
    EXPECT_EQ(count, histogram.count());
    EXPECT_EQ(chart.bars.front().label, "0 ns");
    EXPECT_EQ(chart.bars.front().count, 1U);
    EXPECT_EQ(chart.bars.back().label, "2 s");
    EXPECT_TRUE(chart_of({}, "").bars.empty());
}

TEST(Chart, TakesTheLongestThereCanBe) {
    Histogram histogram;
    histogram.add(std::numeric_limits<Nanoseconds>::max());
    histogram.add(1'000'000'000'000'000'000);
    EXPECT_EQ(chart_of(histogram, "").bars.size(), 3U) << "1, 2 and 5 to the power of 18";
}

TEST(Bar, OfBlocksOrOfHashes) {
    EXPECT_EQ(bar_text(0, 10, false), "");
    EXPECT_EQ(bar_text(0, 0, true), "");
    EXPECT_EQ(bar_text(10, 10, false), std::string(40, '#'));
    EXPECT_EQ(bar_text(5, 10, false), std::string(20, '#'));
    EXPECT_EQ(bar_text(1, 1'000'000, false), "#") << "what is more than nothing is seen";
    EXPECT_EQ(bar_text(1, 1'000'000, true), "▏");
    EXPECT_EQ(bar_text(3, 80, true), "█▌");
    EXPECT_EQ(text_width(bar_text(10, 10, true)), 40U);
}

TEST(ShowText, ColoursOnlyWhereAsked) {
    EXPECT_THAT(text_of(busy_timeline()), Not(HasSubstr("\x1b[")));
    EXPECT_THAT(text_of(busy_timeline(), {.colour = true}), HasSubstr("\x1b[1;31mfatal: "));
}

TEST(ShowTable, LinesUpAndLetsLongNamesBe) {
    std::ostringstream out;
    const std::string longer(60, 'x');
    show_table({.columns = {"name", "n"}, .rows = {{"ä", "1"}, {longer, "23"}}}, 1, out);
    EXPECT_EQ(out.str(),
              " name" + std::string(42, ' ') + " n\n ä" + std::string(45, ' ') + " 1\n " + longer + "  23\n");
}

// Each time is possible, but their sum overflows.
TEST(Report, SumsOfTimesWithoutEndAreNoTimes) {
    Analysed timeline;
    for (int i = 0; i < 3; i++)
        timeline.waits.push_back({.begin = 0, .end = Nanoseconds{1} << 62});
    EXPECT_THAT(text_of(timeline), Not(HasSubstr("-9223")));
    EXPECT_THAT(text_of(timeline), HasSubstr("4611686018 s"));
}

TEST(DigestReport, SaysWhatASummaryHolds) {
    const Analysed timeline = busy_timeline();
    Digest digest = digest_of(timeline, with_numbers(timeline), "1.2.3");
    digest.functions.push_back({.module = "bad\x1b[31m", .function = "f", .queued = 1, .invoked = 3});
    const auto shown = [&] {
        std::ostringstream out;
        show_text(report_of(digest), {}, out);
        return out.str();
    };
    const std::string text = shown();
    for (const char* part : {"as a summary", "normal", "expedited", "By module", "By function", "node_free",
                             "file_free_rcu", "(kernel proper)", "15 events were not recorded",
                             "3 callbacks were invoked whose time of queueing is unknown"})
        EXPECT_THAT(text, HasSubstr(part));
    EXPECT_THAT(text, Not(HasSubstr("\x1b")));
    EXPECT_THAT(text, Not(HasSubstr("Not observed")));
    digest.counts.erase("hazards");
    digest.durations.erase("reader");
    digest.functions.clear();
    EXPECT_THAT(shown(), HasSubstr("Not observed: reader, hazards."));
}

} // namespace
} // namespace rcuscope::test
