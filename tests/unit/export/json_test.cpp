// SPDX-License-Identifier: BSD-2-Clause
//
// Compares the timeline's JSON with golden files, byte by byte. For an intended change see
// tests/golden/CMakeLists.txt.
#include <algorithm>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <sstream>

#include "export/exporter.hpp"
#include "export/golden.hpp"
#include "export/rich_timeline.hpp"

namespace rcuscope {
namespace {

using Json = nlohmann::json;

std::string json_of(const test::Analysed& timeline, bool addresses = false) {
    std::ostringstream out;
    write_json(timeline, timeline.found, {.addresses = addresses}, out);
    return out.str();
}

TEST(TimelineJson, IsGolden) {
    test::expect_golden("timeline.json", json_of(test::rich_timeline()));
}

TEST(TimelineJson, IsGoldenWithAddresses) {
    test::expect_golden("timeline-addresses.json", json_of(test::rich_timeline(), true));
}

TEST(TimelineJson, IsGoldenWithNastyNames) {
    test::expect_golden("timeline-nasty.json", json_of(test::nasty_timeline()));
}

TEST(TimelineJson, IsGoldenWhenEmpty) {
    test::expect_golden("timeline-empty.json", json_of(test::Analysed()));
}

TEST(TimelineJson, DoesNotFollowTheStreamsLocale) {
    struct Grouping : std::numpunct<char> {
        char do_thousands_sep() const override { return '.'; }
        std::string do_grouping() const override { return "\3"; }
    };
    std::ostringstream out;
    out.imbue(std::locale(std::locale::classic(), new Grouping));
    const test::Analysed timeline = test::rich_timeline();
    write_json(timeline, timeline.found, {}, out);
    EXPECT_EQ(out.str(), json_of(test::rich_timeline()));
}

TEST(TimelineJson, SaysNullForWhatIsNotKnown) {
    const Json json = Json::parse(json_of(test::rich_timeline()));
    const Json& pending = json["callbacks"][5];
    for (const char* key : {"invoked_ns", "done_ns", "invoked_cpu", "context", "grace_period", "module"})
        EXPECT_TRUE(pending[key].is_null()) << key;
    EXPECT_EQ(pending["state"], "pending");
    EXPECT_EQ(pending["function"], "unknown");
    EXPECT_TRUE(json["callbacks"][2]["caller"].is_null());
    EXPECT_TRUE(json["grace_periods"][0]["start_ns"].is_null());
    EXPECT_TRUE(json["capture"]["probes"][1]["hits"].is_null());
    EXPECT_TRUE(json["hazards"][1]["module"].is_null());
}

TEST(TimelineJson, NamesPlaces) {
    const Json json = Json::parse(json_of(test::rich_timeline()));
    EXPECT_EQ(json["callbacks"][0]["function"], "rcucmap:node_free");
    EXPECT_EQ(json["callbacks"][0]["module"], "rcucmap");
    EXPECT_EQ(json["callbacks"][0]["caller"], "rcucmap:cmap_set+0x12");
    EXPECT_EQ(json["callbacks"][2]["function"], "i_callback");
    EXPECT_EQ(json["read_sections"][1]["function"], "rcucmap:cmap_get");
    EXPECT_EQ(json["read_sections"][1]["place"], "rcucmap:cmap_get+0x24");
    EXPECT_EQ(json["waits"][0]["caller"], "free_module+0x40");
}

TEST(TimelineJson, SaysHowAModuleWent) {
    const Json json = Json::parse(json_of(test::rich_timeline()));
    const Json& module = json["modules"][0];
    EXPECT_EQ(module["pending_at_exit"], 2);
    EXPECT_EQ(module["pending_at_freed"], 1);
    EXPECT_EQ(module["refusals"], Json::parse(R"([{"at_ns": 7000000, "error": -11}])"));
    EXPECT_EQ(module["references"].size(), 2U);
    EXPECT_EQ(module["references"][0]["caller"], "rcucmap:cmap_open+0x31");
    EXPECT_EQ(module["references"][0]["taken"], true);
    EXPECT_TRUE(module["references"][1]["caller"].is_null());
    EXPECT_FALSE(module["references"][0].contains("caller_address"));
    EXPECT_TRUE(json["modules"][1]["pending_at_free"].is_null());
    EXPECT_TRUE(json["modules"][1]["verdict"].is_null());
}

TEST(TimelineJson, SaysWhichSectionsNeverEnd) {
    const Json json = Json::parse(json_of(test::rich_timeline()));
    EXPECT_TRUE(json["read_sections"][5]["left"].is_null());
    EXPECT_TRUE(json["read_sections"][5]["left_ns"].is_null());
    EXPECT_TRUE(json["read_sections"][6]["end_ns"].is_null());
    EXPECT_EQ(json["read_sections"][6]["left"], "task-ended");
    EXPECT_EQ(json["read_sections"][6]["left_ns"], 9'800'000);
}

TEST(TimelineJson, SaysByWhenSectionsHadEnded) {
    test::Analysed timeline = test::rich_timeline();
    const auto ended_by = [&](std::size_t section) {
        return Json::parse(json_of(timeline))["read_sections"][section]["ended_by_ns"];
    };
    EXPECT_EQ(ended_by(4), 2'300'000); // its end
    EXPECT_TRUE(ended_by(5).is_null());
    EXPECT_EQ(ended_by(6), 9'800'000); // the end of its task
    timeline.read_sections[6].left = SectionLeft::user_mode;
    EXPECT_TRUE(ended_by(6).is_null());
}

TEST(TimelineJson, SaysWhichRowHeldAGracePeriod) {
    test::Analysed timeline = test::rich_timeline();
    const auto holder = [&] { return Json::parse(json_of(timeline))["grace_periods"][1]["held_by"]; };
    EXPECT_TRUE(holder()["read_section"].is_null());
    EXPECT_EQ(holder()["quiescent_state"], 1);
    timeline.found.holders[1]->read_section = 3;
    timeline.found.holders[1]->quiescent_state = std::nullopt;
    EXPECT_EQ(holder()["read_section"], 3);
    EXPECT_TRUE(holder()["quiescent_state"].is_null());
}

// The golden file counts what its own callbacks say.
TEST(TimelineJson, CountsTheCallbacksOfEachGracePeriod) {
    const Json json = Json::parse(json_of(test::rich_timeline()));
    for (const Json& grace_period : json["grace_periods"]) {
        const auto released = std::count_if(json["callbacks"].begin(), json["callbacks"].end(),
                                            [&](const Json& one) { return one["grace_period"] == grace_period["id"]; });
        EXPECT_EQ(grace_period["released_callbacks"], released) << grace_period["id"];
    }
}

TEST(TimelineJson, HasTheBacklogInColumns) {
    const Json json = Json::parse(json_of(test::rich_timeline()));
    ASSERT_EQ(json["backlogs"].size(), 3U);
    EXPECT_EQ(json["backlogs"][0]["of"], "all");
    EXPECT_EQ(json["backlogs"][1]["of"], "module");
    EXPECT_EQ(json["backlogs"][1]["module"], "rcucmap");
    EXPECT_EQ(json["backlogs"][2], Json::parse(R"({"of": "module", "module": null, "max": 1, "max_ns": 650000,
                              "begin_ns": [650000, 4300000, 7950000], "pending": [1, 0, 1], "unknown": [0, 0, 0]})"));
}

TEST(TimelineJson, SaysWhenAHazardOfUnloadingWas) {
    const Json json = Json::parse(json_of(test::rich_timeline()));
    EXPECT_EQ(json["hazards"][0]["life"], 0);
    EXPECT_EQ(json["hazards"][0]["from_ns"], 8'500'000);
    EXPECT_EQ(json["hazards"][0]["to_ns"], 10'000'000);
    for (const char* key : {"life", "from_ns", "to_ns"})
        EXPECT_TRUE(json["hazards"][1][key].is_null()) << key;
}

TEST(TimelineJson, SaysWhenReadersDidNotRun) {
    const Json json = Json::parse(json_of(test::rich_timeline()));
    EXPECT_EQ(json["read_sections"][1]["off_cpu"][1],
              Json::parse(R"({"at_ns": 1400000, "until_ns": 1500000, "voluntary": true, "lock": false})"));
    EXPECT_EQ(json["read_sections"][0]["by"], "rcu_read_lock");
    EXPECT_EQ(json["read_sections"][4]["by"], "function");
    EXPECT_TRUE(json["read_sections"][5]["off_cpu"][0]["until_ns"].is_null());
    EXPECT_EQ(json["read_sections"][0]["off_cpu"], Json::array());
    EXPECT_EQ(json["hazards"][2]["read_sections"], Json::array({1}));
}

TEST(TimelineJson, ShowsAddressesOnlyWhenAsked) {
    for (const test::Analysed& timeline : {test::rich_timeline(), test::nasty_timeline()})
        EXPECT_EQ(json_of(timeline).find("ffff"), std::string::npos);
    const Json json = Json::parse(json_of(test::rich_timeline(), true));
    EXPECT_EQ(json["callbacks"][0]["function_address"], "0xffffffffc0a00000");
    EXPECT_EQ(json["callbacks"][0]["caller_address"], "0xffffffffc0a00012");
    EXPECT_EQ(json["callbacks"][0]["head"], "0xffff888100000040");
    EXPECT_TRUE(json["callbacks"][2]["caller_address"].is_null());
}

// A large timeline must not be in memory as one text: the stream gets it in pieces that are at most one element long.
TEST(TimelineJson, WritesElementByElement) {
    struct Counting : std::stringbuf {
        std::streamsize longest = 0;
        std::streamsize xsputn(const char* from, std::streamsize count) override {
            longest = std::max(longest, count);
            return std::stringbuf::xsputn(from, count);
        }
    };
    test::Analysed timeline = test::rich_timeline();
    const Callback one = timeline.callbacks[0];
    timeline.callbacks.clear();
    timeline.callbacks.resize(1000, one);
    Counting buffer;
    std::ostream out(&buffer);
    write_json(timeline, timeline.found, {}, out);
    EXPECT_GT(buffer.str().size(), 200'000U);
    EXPECT_LT(buffer.longest, 1100);
}

} // namespace
} // namespace rcuscope
