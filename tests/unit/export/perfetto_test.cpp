// SPDX-License-Identifier: BSD-2-Clause
#include <algorithm>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <set>
#include <sstream>

#include "base/text.hpp"
#include "export/exporter.hpp"
#include "export/golden.hpp"
#include "export/perfetto_reader.hpp"
#include "export/rich_timeline.hpp"

namespace rcuscope {
namespace {

using test::PerfettoEvent;
using test::PerfettoTrace;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::uint64_t start = 5'000'000'000; // start_boottime_ns of the rich timeline

std::string bytes_of(const test::Analysed& timeline, bool addresses = false) {
    std::ostringstream out;
    write_perfetto(timeline, timeline.found, {.addresses = addresses}, out);
    return out.str();
}

PerfettoTrace trace_of(const test::Analysed& timeline, bool addresses = false) {
    return PerfettoTrace(bytes_of(timeline, addresses));
}

// Describes a track: "name from-to" for every slice, indented by two blanks per level, and "name at" for every
// instant. Fails if slices do not nest.
std::vector<std::string> drawn(const PerfettoTrace& trace, const std::string& track) {
    std::vector<std::string> lines;
    std::vector<std::size_t> open;
    for (const PerfettoEvent& event : trace.on(track)) {
        const std::string at = std::to_string((event.at - start) / 1000);
        if (event.type == 2) {
            if (open.empty()) {
                ADD_FAILURE() << "an end without a begin on " << track;
                return lines;
            }
            lines[open.back()] += at;
            open.pop_back();
            continue;
        }
        lines.push_back(std::string(2 * open.size(), ' ') + event.name + ' ' + at);
        if (event.type == 1) {
            lines.back() += '-';
            open.push_back(lines.size() - 1);
        }
    }
    EXPECT_TRUE(open.empty()) << "a begin without an end on " << track;
    return lines;
}

// timeline.pftrace.txt in the same folder has the contents as protoc decodes them.
TEST(Perfetto, IsGolden) {
    test::expect_golden("timeline.pftrace", bytes_of(test::rich_timeline()));
}

TEST(Perfetto, IsOneSequenceThatBeginsCleared) {
    const PerfettoTrace trace = trace_of(test::rich_timeline());
    EXPECT_EQ(std::set(trace.sequences.begin(), trace.sequences.end()).size(), 1U);
    EXPECT_NE(trace.sequences.front(), 0U);
    EXPECT_EQ(trace.flags.front(), 1U);
    EXPECT_EQ(std::count_if(trace.flags.begin(), trace.flags.end(), [](auto flags) { return (flags & 1U) != 0; }), 1);
}

TEST(Perfetto, ReadsTheClocks) {
    const PerfettoTrace trace = trace_of(test::rich_timeline());
    const std::map<std::uint32_t, std::uint64_t> expected{
        {6, 4'999'000'000}, {3, 4'899'000'000}, {1, 1'700'000'000'123'456'789}};
    EXPECT_EQ(trace.clocks, expected);
}

TEST(Perfetto, OrdersEventsByAbsoluteTime) {
    const PerfettoTrace trace = trace_of(test::rich_timeline());
    EXPECT_TRUE(std::is_sorted(trace.events.begin(), trace.events.end(),
                               [](const auto& a, const auto& b) { return a.at < b.at; }));
    EXPECT_EQ(trace.events.front().at, start);
    EXPECT_EQ(trace.events.back().at, start + 10'000'000);
}

TEST(Perfetto, NamesAndOrdersTheTracks) {
    const PerfettoTrace trace = trace_of(test::rich_timeline());
    std::map<std::int32_t, std::string> by_rank;
    for (const auto& [uuid, track] : trace.tracks) {
        if (uuid == 0) {
            EXPECT_TRUE(track.explicit_order);
            continue;
        }
        const std::string group = track.parent == 0 ? "" : trace.tracks.at(track.parent).name + " / ";
        by_rank[track.rank] = group + track.name;
        EXPECT_EQ(track.explicit_order, track.parent == 0);
        EXPECT_EQ(track.counter, track.name == "Pending callbacks" || track.name == "Module rcucmap references");
    }
    std::vector<std::string> names;
    names.reserve(by_rank.size());
    for (const auto& [rank, name] : by_rank)
        names.push_back(name);
    EXPECT_THAT(names,
                ElementsAre("RCU", "RCU / Grace periods", "RCU / Expedited grace periods", "RCU / Pending callbacks",
                            "RCU / Hazards", "RCU / Lost records", "RCU / Lost records (2)", "Modules",
                            "Modules / Module old", "Modules / Module rcubad", "Modules / Module rcucmap",
                            "Modules / Module rcucmap references", "CPUs", "CPUs / CPU 0 callbacks",
                            "CPUs / CPU 1 callbacks", "Threads", "Threads / swapper/1 0: calls",
                            "Threads / reader 812: calls", "Threads / reader 812: read-side sections",
                            "Threads / reader 812: read-side sections (2)", "Threads / leaver 815: read-side sections",
                            "Threads / insmod 900: calls", "Threads / insmod 900: waits"));
}

TEST(Perfetto, DrawsGracePeriods) {
    const PerfettoTrace trace = trace_of(test::rich_timeline());
    EXPECT_THAT(drawn(trace, "Grace periods"),
                ElementsAre("GP -355 0-500", "cleanup 500-550", "GP -351 1000-4000", "cleanup 4000-4100",
                            "  released 3 callbacks 4000", "GP -347 9000-10000"));
    EXPECT_THAT(drawn(trace, "Expedited grace periods"), ElementsAre("GP 1205 2000-2050"));
    const auto events = trace.on("Grace periods");
    EXPECT_EQ(events.front().annotations.at("began_before_recording"), "true");
    EXPECT_EQ(events[4].annotations.at("gp_seq"), "-351");
    EXPECT_EQ(events[4].annotations.at("duration_ns"), "3000000");
    EXPECT_EQ(events[4].annotations.at("start_uncertainty_ns"), "20000");
    EXPECT_FALSE(events[4].annotations.contains("unfinished"));
    EXPECT_EQ(events[events.size() - 2].annotations.at("unfinished"), "true");
}

TEST(Perfetto, DrawsCallbacksWithinTheirBatch) {
    const PerfettoTrace trace = trace_of(test::rich_timeline());
    EXPECT_THAT(drawn(trace, "CPU 0 callbacks"),
                ElementsAre("batch (softirq) 4200-4260", "  rcucmap:node_free 4210-4220",
                            "  rcucmap:node_free 4230-4240", "  rcucmap:node_free 4250-4260"));
    EXPECT_THAT(drawn(trace, "CPU 1 callbacks"),
                ElementsAre("batch (rcuo) 4290-4320", "  i_callback 4300-4310", "batch 9990-10000"));
    const PerfettoEvent callback = trace.on("CPU 0 callbacks")[1];
    const std::map<std::string, std::string> expected{
        {"callback", "1"},         {"function", "rcucmap:node_free"}, {"caller", "rcucmap:cmap_set+0x12"},
        {"state", "done"},         {"queued_ns", "610000"},           {"queued_cpu", "0"},
        {"queued_tid", "900"},     {"queued_comm", "insmod"},         {"invoked_ns", "4210000"},
        {"latency_ns", "3600000"}, {"duration_ns", "10000"},          {"grace_period", "2"},
        {"context", "softirq"}};
    EXPECT_EQ(callback.annotations, expected);
    EXPECT_EQ(callback.category, "rcu");
}

TEST(Perfetto, DrawsThreadsOnTracksThatNest) {
    const PerfettoTrace trace = trace_of(test::rich_timeline());
    EXPECT_THAT(drawn(trace, "reader 812: calls"), ElementsAre("kvfree_rcu 645", "rcucmap:cmap_get 1050-1850"));
    EXPECT_THAT(drawn(trace, "reader 812: read-side sections"),
                ElementsAre("rcucmap:reader 0-10", "rcucmap:cmap_get 1100-1900", "  rcucmap:cmap_peek 1200-1300",
                            "    preempted 1210-1220", "  blocked 1400-1500", "rcucmap:cmap_set 2200-2300",
                            "rcucmap:cmap_get 9500-10000", "  preempted 9600-9600"));
    EXPECT_THAT(drawn(trace, "reader 812: read-side sections (2)"), ElementsAre("rcucmap:cmap_get 1800-2100"));
    EXPECT_THAT(drawn(trace, "insmod 900: calls"),
                ElementsAre("rcucmap:cmap_set 600-700", "  call_rcu rcucmap:node_free 610",
                            "  call_rcu rcucmap:node_free 620", "  kvfree_rcu 640", "call_rcu rcucmap:node_free 700",
                            "call_rcu rcucmap:node_free 6900", "call_rcu unknown 7950",
                            "rcucmap:cmap_exit 8000-10000"));
    EXPECT_THAT(drawn(trace, "insmod 900: waits"),
                ElementsAre("synchronize_rcu_expedited 1990-2060", "rcu_barrier 8100-10000"));
}

TEST(Perfetto, TellsStacks) {
    const PerfettoTrace trace = trace_of(test::rich_timeline());
    const auto calls = trace.on("insmod 900: calls");
    const auto freed =
        std::find_if(calls.begin(), calls.end(), [](const auto& call) { return call.name == "kvfree_rcu"; });
    ASSERT_NE(freed, calls.end());
    EXPECT_EQ(freed->annotations.at("stack"), "rcucmap:cmap_set+0x30\ndo_one_initcall+0x59");
    EXPECT_EQ(trace.on("insmod 900: waits")[0].annotations.at("stack"), "free_module+0x40\nunknown");
    EXPECT_FALSE(trace.on("insmod 900: waits")[1].annotations.contains("stack"));
}

TEST(Perfetto, DrawsTheLivesOfModules) {
    const PerfettoTrace trace = trace_of(test::rich_timeline());
    EXPECT_THAT(drawn(trace, "Module rcucmap"),
                ElementsAre("init 100-200", "live 200-8000", "exit 8000-8500", "exited 8500-8600", "free 8600-8700"));
    EXPECT_THAT(drawn(trace, "Module rcubad"), ElementsAre("init 300-400", "init failed 400-450", "free 450-460"));
    EXPECT_THAT(drawn(trace, "Module old"), ElementsAre("live 0-9000", "free 9000-10000"));
}

TEST(Perfetto, DrawsHazardsAndLosses) {
    const PerfettoTrace trace = trace_of(test::rich_timeline());
    EXPECT_THAT(drawn(trace, "Hazards"),
                ElementsAre("blocked-in-reader 1400", "slow-callback 4300", "freed-with-pending-callbacks 8600"));
    EXPECT_EQ(trace.on("Hazards")[0].annotations.at("read_sections"), "1");
    EXPECT_EQ(trace.on("Hazards")[2].annotations.at("callbacks"), "5 6");
    EXPECT_EQ(trace.on("Hazards")[2].annotations.at("severity"), "fatal");
    EXPECT_THAT(drawn(trace, "Lost records"), ElementsAre("CPU 1: 12 records lost 7000-7500"));
    EXPECT_THAT(drawn(trace, "Lost records (2)"), ElementsAre("CPU 2: 3 records lost 7200-7900"));
}

TEST(Perfetto, NamesSomeOfManyCallbacks) {
    test::Analysed timeline = test::rich_timeline();
    timeline.found.hazards.resize(1);
    timeline.found.hazards[0].callbacks.assign(20'000, 7);
    const std::string ids = trace_of(timeline).on("Hazards").at(0).annotations.at("callbacks");
    EXPECT_EQ(ids, "7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 and 19980 more");
}

TEST(Perfetto, CountsReferencesToAModule) {
    std::vector<std::pair<std::uint64_t, std::int64_t>> points;
    for (const PerfettoEvent& event : trace_of(test::rich_timeline()).on("Module rcucmap references"))
        points.emplace_back((event.at - start) / 1000, event.value);
    using P = std::pair<std::uint64_t, std::int64_t>;
    EXPECT_THAT(points, ElementsAre(P(6900, 2), P(7100, 1)));
}

TEST(Perfetto, SaysOfAModuleHowItWent) {
    const auto events = trace_of(test::rich_timeline()).on("Module rcucmap");
    EXPECT_EQ(events[0].annotations.at("pending_at_exit"), "2");
    EXPECT_EQ(events[0].annotations.at("refusals"), "1");
    EXPECT_THAT(events[0].annotations.at("verdict"), HasSubstr("had not run when its code was freed"));
}

TEST(Perfetto, CountsPendingCallbacks) {
    std::vector<std::pair<std::uint64_t, std::int64_t>> points;
    for (const PerfettoEvent& event : trace_of(test::rich_timeline()).on("Pending callbacks")) {
        EXPECT_EQ(event.type, 4);
        points.emplace_back((event.at - start) / 1000, event.value);
    }
    using P = std::pair<std::uint64_t, std::int64_t>;
    // The callback that was queued at 6900 is not counted any more when the first loss ends.
    EXPECT_THAT(points, ElementsAre(P(0, 0), P(610, 1), P(620, 2), P(650, 3), P(700, 4), P(4210, 3), P(4230, 2),
                                    P(4250, 1), P(4300, 0), P(6900, 1), P(7500, 0), P(7950, 1)));
}

TEST(Perfetto, LeadsEveryArrowFromCallRcuToTheInvocation) {
    const PerfettoTrace trace = trace_of(test::rich_timeline());
    std::map<std::uint64_t, std::vector<std::string>> arrows; // tracks in order of the file, by id
    for (const PerfettoEvent& event : trace.events) {
        for (const std::uint64_t id : event.flows)
            arrows[id & 0xffffffff].push_back(trace.tracks.at(event.track).name);
        for (const std::uint64_t id : event.flow_ends)
            arrows[id & 0xffffffff].push_back("ends on " + trace.tracks.at(event.track).name);
    }
    const std::map<std::uint64_t, std::vector<std::string>> expected{
        {1, {"insmod 900: calls", "Grace periods", "ends on CPU 0 callbacks"}},
        {2, {"insmod 900: calls", "Grace periods", "ends on CPU 0 callbacks"}},
        {3, {"swapper/1 0: calls", "ends on CPU 1 callbacks"}},
        {4, {"insmod 900: calls", "Grace periods", "ends on CPU 0 callbacks"}}};
    EXPECT_EQ(arrows, expected);
}

TEST(Perfetto, KeepsAnArrowsDirectionWhenItsPointsFallTogether) {
    test::Analysed timeline = test::rich_timeline();
    for (Callback& callback : timeline.callbacks) {
        callback.queued = 4'000'000; // the end of the grace period
        if (callback.invoked)
            callback.invoked = callback.done = 4'000'000;
    }
    std::map<std::uint64_t, std::string> arrows;
    for (const PerfettoEvent& event : trace_of(timeline).events) {
        for (const std::uint64_t id : event.flows)
            arrows[id & 0xffffffff] += event.name.substr(0, 1);
        for (const std::uint64_t id : event.flow_ends)
            arrows[id & 0xffffffff] += '.';
    }
    for (const std::uint64_t id : {1U, 2U, 4U})
        EXPECT_EQ(arrows[id], "cr.") << id;
}

TEST(Perfetto, HasOneSliceForEachOfTheModel) {
    const test::Analysed timeline = test::rich_timeline();
    const PerfettoTrace trace = trace_of(timeline);
    const auto slices = [&](const std::string& in_name) {
        return static_cast<std::size_t>(std::count_if(
            trace.events.begin(), trace.events.end(),
            [&](const PerfettoEvent& event) {
                return event.type == 1 && trace.tracks.at(event.track).name.find(in_name) != std::string::npos;
            }));
    };
    const auto invoked = static_cast<std::size_t>(
        std::count_if(timeline.callbacks.begin(), timeline.callbacks.end(), [](auto& one) { return one.invoked; }));
    EXPECT_EQ(slices("race periods"), timeline.grace_periods.size() + 2); // two cleanups
    EXPECT_EQ(slices("callbacks"), timeline.batches.size() + invoked);
    EXPECT_EQ(slices(": calls"), timeline.function_calls.size());
    EXPECT_EQ(slices(": read-side sections"),
              timeline.read_sections.size() + 3); // three of them have a time off the CPU
    EXPECT_EQ(slices(": waits"), timeline.waits.size());
    EXPECT_EQ(slices("Lost records"), timeline.capture.lost.size());
}

TEST(Perfetto, HoldsOnlyText) {
    const PerfettoTrace trace = trace_of(test::nasty_timeline());
    const auto expect_text = [](const std::string& text) { EXPECT_EQ(valid_utf8(text), text); };
    for (const auto& [uuid, track] : trace.tracks)
        expect_text(track.name);
    for (const PerfettoEvent& event : trace.events) {
        expect_text(event.name);
        for (const auto& [name, value] : event.annotations)
            expect_text(value);
    }
    EXPECT_EQ(trace.on("CPU 0 callbacks")[1].annotations.at("queued_comm"), std::string("nul\0inside", 10));
}

TEST(Perfetto, ShowsAddressesOnlyWhenAsked) {
    EXPECT_EQ(bytes_of(test::rich_timeline()).find("0xffff"), std::string::npos);
    const PerfettoEvent callback = trace_of(test::rich_timeline(), true).on("CPU 0 callbacks")[1];
    EXPECT_EQ(callback.annotations.at("function_address"), "0xffffffffc0a00000");
    EXPECT_EQ(callback.annotations.at("head"), "0xffff888100000040");
}

TEST(Perfetto, HoldsAnEmptyTimeline) {
    const PerfettoTrace trace = trace_of(test::Analysed());
    EXPECT_EQ(trace.events.size(), 1U); // no callbacks at the start
}

} // namespace
} // namespace rcuscope
