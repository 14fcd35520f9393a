// SPDX-License-Identifier: BSD-2-Clause
#include <gtest/gtest.h>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "export/exporter.hpp"
#include "export/golden.hpp"
#include "export/rich_timeline.hpp"

namespace rcuscope {
namespace {

using Json = nlohmann::json;

std::string text_of(const test::Analysed& timeline, bool addresses = false) {
    std::ostringstream out;
    write_chrome(timeline, timeline.found, {.addresses = addresses}, out);
    return out.str();
}

// The events of a phase, by the name of their track.
std::map<std::string, std::vector<Json>> events_of(const Json& trace, const std::string& phase) {
    std::map<Json, std::string> tracks;
    std::map<std::string, std::vector<Json>> found;
    for (const Json& event : trace["traceEvents"]) {
        if (event["name"] == "thread_name")
            tracks[event["tid"]] = event["args"]["name"];
        if (event["ph"] == phase)
            found[tracks[event["tid"]]].push_back(event);
    }
    return found;
}

TEST(Chrome, IsGolden) {
    test::expect_golden("timeline.chrome.json", text_of(test::rich_timeline()));
}

TEST(Chrome, NamesTracksAndGroups) {
    const Json trace = Json::parse(text_of(test::rich_timeline()));
    std::map<int, std::string> groups;
    std::map<std::string, std::string> group_of;
    for (const Json& event : trace["traceEvents"]) {
        if (event["name"] == "process_name")
            groups[event["pid"]] = event["args"]["name"];
        if (event["name"] == "thread_name")
            group_of[event["args"]["name"]] = groups.at(event["pid"]);
    }
    EXPECT_EQ(groups.size(), 4U);
    EXPECT_EQ(group_of.at("Grace periods"), "RCU");
    EXPECT_EQ(group_of.at("Module rcucmap"), "Modules");
    EXPECT_EQ(group_of.at("CPU 0 callbacks"), "CPUs");
    EXPECT_EQ(group_of.at("insmod 900: waits"), "Threads");
}

TEST(Chrome, WritesTimesToTheNanosecond) {
    test::Analysed timeline = test::rich_timeline();
    timeline.grace_periods[1].start = 1'000'001;
    timeline.grace_periods[1].end = 4'000'010;
    const std::string text = text_of(timeline);
    EXPECT_NE(text.find(R"("ts":1000.001,"dur":3000.009,)"), std::string::npos) << text;
}

TEST(Chrome, DrawsWhatTheOthersDraw) {
    const test::Analysed timeline = test::rich_timeline();
    const Json trace = Json::parse(text_of(timeline));
    auto slices = events_of(trace, "X");
    EXPECT_EQ(slices["CPU 0 callbacks"].size(), 4U);
    EXPECT_EQ(slices["CPU 0 callbacks"][1]["name"], "rcucmap:node_free");
    EXPECT_EQ(slices["CPU 0 callbacks"][1]["args"]["latency_ns"], 3'600'000);
    EXPECT_EQ(slices["insmod 900: waits"][1]["args"]["unfinished"], true);
    EXPECT_EQ(slices["Module rcucmap"].size(), 5U);
    EXPECT_EQ(events_of(trace, "i")["Hazards"].size(), 3U);
    auto counters = events_of(trace, "C");
    EXPECT_EQ(counters["Pending callbacks"].size(), 12U);
    EXPECT_EQ(counters["Pending callbacks"][1]["args"]["callbacks"], 1);
    ASSERT_EQ(counters["Module rcucmap references"].size(), 2U);
    EXPECT_EQ(counters["Module rcucmap references"][0]["args"]["references"], 2);
}

TEST(Chrome, LeadsArrowsFromSliceToSlice) {
    const Json trace = Json::parse(text_of(test::rich_timeline()));
    std::map<int, std::map<std::string, double>> arrows;
    const Json* slice = nullptr;
    for (const Json& event : trace["traceEvents"]) {
        if (event["ph"] == "X")
            slice = &event;
        if (!event.contains("id"))
            continue;
        arrows[event["id"]][event["ph"]] = event["ts"];
        EXPECT_EQ(event["ts"], (*slice)["ts"]); // it is on the slice written before it
        EXPECT_EQ(event["tid"], (*slice)["tid"]);
    }
    EXPECT_EQ(arrows.size(), 4U);
    for (const auto& [id, points] : arrows) {
        EXPECT_LT(points.at("s"), points.at("f"));
        EXPECT_EQ(points.contains("t"), id != 3);
    }
}

TEST(Chrome, IsValidWithNastyNamesAndWhenEmpty) {
    EXPECT_TRUE(Json::accept(text_of(test::nasty_timeline())));
    EXPECT_TRUE(Json::accept(text_of({})));
}

TEST(Chrome, ShowsAddressesOnlyWhenAsked) {
    EXPECT_EQ(text_of(test::rich_timeline()).find("0xffff"), std::string::npos);
    EXPECT_NE(text_of(test::rich_timeline(), true).find("0xffffffffc0a00012"), std::string::npos);
}

} // namespace
} // namespace rcuscope
