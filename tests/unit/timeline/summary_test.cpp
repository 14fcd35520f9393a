// SPDX-License-Identifier: BSD-2-Clause
#include <gtest/gtest.h>

#include "growth.hpp"
#include "timeline/scenario.hpp"

namespace rcuscope::test {
namespace {

TEST(CaptureSummary, OfACompleteRecording) {
    Scenario scenario;
    scenario.metadata.host.cpus = 2;
    scenario.metadata.command = {"true"};
    scenario.metadata.followed = {"rcu_demo"};
    scenario.metadata.all_callbacks = true;
    scenario.metadata.clocks.realtime_ns = 77;
    scenario.metadata.missing = {{.hook = "cb.lazy", .why = "not in this kernel"}};
    ModuleInfo module;
    module.name = "rcu_demo";
    module.not_followed = {"call_srcu()", "srcu_barrier()"};
    scenario.metadata.modules = {module, module, module};
    scenario.metadata.modules[1].not_followed = std::vector<std::string>();
    scenario.metadata.modules[2].not_followed.reset(); // as in an older capture
    Trailer trailer;
    trailer.end_ns = Scenario::absolute(500);
    trailer.reason = "command ended";
    trailer.command_status = 3;
    trailer.missing.emplace().push_back({.hook = "module.jumps", .why = "refused when it was loaded"});

    const Timeline timeline = scenario.gp_start(10, 7).complete(trailer);

    EXPECT_EQ(timeline.host.cpus, 2U);
    EXPECT_EQ(timeline.capture.start_boottime_ns, Scenario::start_ns);
    EXPECT_EQ(timeline.capture.clocks.realtime_ns, 77U);
    EXPECT_EQ(timeline.capture.end, 500);
    EXPECT_TRUE(timeline.capture.complete);
    EXPECT_EQ(timeline.capture.end_reason, "command ended");
    EXPECT_EQ(timeline.capture.command, std::vector<std::string>{"true"});
    EXPECT_EQ(timeline.capture.command_status, 3);
    EXPECT_EQ(timeline.capture.followed, std::vector<std::string>{"rcu_demo"});
    EXPECT_TRUE(timeline.capture.all_callbacks);
    ASSERT_EQ(timeline.capture.missing.size(), 2U);
    EXPECT_EQ(timeline.capture.missing[0].hook, "cb.lazy");
    EXPECT_EQ(timeline.capture.missing[1].hook, "module.jumps");
    ASSERT_EQ(timeline.capture.not_followed.size(), 1U);
    EXPECT_EQ(timeline.capture.not_followed[0].module, "rcu_demo");
    EXPECT_EQ(timeline.capture.not_followed[0].calls, (std::vector<std::string>{"call_srcu()", "srcu_barrier()"}));
}

TEST(CaptureSummary, ACutOffRecordingEndsWithItsLastEvent) {
    const Timeline timeline = Scenario().gp_start(10, 7).gp_end(70, 7).cut_off("a chunk is cut");
    EXPECT_EQ(timeline.capture.end, 70);
    EXPECT_FALSE(timeline.capture.complete);
    EXPECT_EQ(timeline.capture.end_reason, "a chunk is cut");
}

TEST(CaptureSummary, ACutBetweenChunksHasAReasonToo) {
    const Timeline timeline = Scenario().cut_off("");
    EXPECT_EQ(timeline.capture.end, 0);
    EXPECT_FALSE(timeline.capture.end_reason.empty());
}

TEST(CaptureSummary, HitsAreSummedForEachWay) {
    Scenario scenario;
    scenario.metadata.probes = {{.hook = "site", .via = "kprobe", .symbol = "demo_read"},
                                {.hook = "site", .via = "kprobe", .symbol = "demo_exit"},
                                {.hook = "site", .via = "fentry", .symbol = "demo_read"}};
    Trailer trailer;
    trailer.hits = {{.hook = "site", .via = "kprobe", .hits = 5, .missed = 1},
                    {.hook = "site", .via = "kprobe", .hits = 6, .missed = 1},
                    {.hook = "other", .via = "kprobe", .hits = 7, .missed = 0}};

    const Timeline timeline = scenario.complete(trailer);

    ASSERT_EQ(timeline.capture.probes.size(), 2U);
    EXPECT_EQ(timeline.capture.probes[0].hits, 11U);
    EXPECT_EQ(timeline.capture.probes[0].missed, 2U);
    EXPECT_EQ(timeline.capture.probes[1].hits, std::nullopt);
    EXPECT_EQ(scenario.cut_off().capture.probes.at(0).hits, std::nullopt);
}

TEST(Losses, TotalsAreCumulativePerCpu) {
    Scenario scenario;
    scenario.cpu(1).lost(10, 12, 3).lost(10, 12, 3).cpu(0).lost(11, 13, 4).cpu(1).lost(30, 35, 5);
    Trailer trailer;
    trailer.end_ns = Scenario::absolute(99);
    trailer.lost = {{.cpu = 0, .total = 4, .from_ns = Scenario::absolute(11), .to_ns = Scenario::absolute(13)},
                    {.cpu = 1, .total = 9, .from_ns = Scenario::absolute(80), .to_ns = Scenario::absolute(90)}};

    const auto lost = scenario.complete(trailer).capture.lost;

    ASSERT_EQ(lost.size(), 4U);
    EXPECT_EQ(lost[0].count, 3U);
    EXPECT_EQ(lost[0].cpu, 1U);
    EXPECT_EQ(lost[1].count, 4U);
    EXPECT_EQ(lost[2].count, 2U);
    EXPECT_EQ(lost[3].count, 4U);
    EXPECT_EQ(lost[3].from, 80);
    EXPECT_EQ(lost[3].to, 90);
}

TEST(Losses, BeforeTheStartOnlyCount) {
    const auto lost = Scenario().lost(-20, -10, 3).lost(11, 13, 5).complete(99).capture.lost;
    ASSERT_EQ(lost.size(), 1U);
    EXPECT_EQ(lost[0].count, 2U);
    EXPECT_EQ(lost[0].from, 11);
}

TEST(Losses, OnlyInTheTrailerMakeWhatIsOpenUnknown) {
    Scenario scenario;
    Trailer trailer;
    trailer.end_ns = Scenario::absolute(99);
    trailer.lost = {{.cpu = 5, .total = 1, .from_ns = Scenario::absolute(50), .to_ns = Scenario::absolute(50)}};

    const Timeline timeline = scenario.queue(10, 1).queue(60, 2).complete(trailer);

    EXPECT_EQ(timeline.callbacks.at(0).state, CallbackState::unknown);
    EXPECT_EQ(timeline.callbacks.at(1).state, CallbackState::pending);
}

TEST(Tasks, AreListedByTidWithTheirLastName) {
    Scenario scenario;
    scenario.tid(7).task(1, "sh").task(2, "insmod").tid(3).task(3, "rcu_preempt", true).queue(4, 1);
    scenario.tid(0).cpu(0).task(5, "swapper/0", true).cpu(1).task(6, "swapper/1", true).tid(8).queue(7, 2);

    const auto tasks = scenario.complete(99).tasks;

    ASSERT_EQ(tasks.size(), 3U);
    EXPECT_EQ(tasks[0].tid, 0U);
    EXPECT_EQ(tasks[0].comm, "swapper/1");
    EXPECT_EQ(tasks[1].comm, "rcu_preempt");
    EXPECT_TRUE(tasks[1].kthread);
    EXPECT_EQ(tasks[2].tid, 7U);
    EXPECT_EQ(tasks[2].tgid, 7U);
    EXPECT_EQ(tasks[2].comm, "insmod");
}

TEST(Timeline, SpansKeepTheNameThatTheirTaskHadThen) {
    const Timeline timeline = Scenario()
                                  .task(1, "sh")
                                  .at(2, event::WaitBegin{})
                                  .task(3, "rmmod")
                                  .at(4, event::WaitBegin{.kind = event::WaitKind::rcu_barrier})
                                  .complete(99);
    EXPECT_EQ(timeline.waits.at(0).comm, "sh");
    EXPECT_EQ(timeline.waits.at(1).comm, "rmmod");
}

TEST(Timeline, OfNoEventsIsEmpty) {
    const Timeline timeline = Scenario().complete(42);
    EXPECT_EQ(timeline.capture.end, 42);
    EXPECT_TRUE(timeline.callbacks.empty());
    EXPECT_TRUE(timeline.grace_periods.empty());
}

TEST(CaptureSummary, ManyProbesTakeNoMoreTimeEach) {
    const auto summarize = [](std::size_t size) {
        Scenario scenario;
        Trailer trailer;
        for (std::size_t i = 0; i < size; i++) {
            scenario.metadata.probes.push_back({.hook = "hook" + std::to_string(i), .via = "kprobe", .symbol = ""});
            trailer.hits.push_back({.hook = "hook" + std::to_string(i), .via = "kprobe", .hits = i, .missed = 0});
        }
        const Timeline timeline = scenario.complete(trailer);
        EXPECT_EQ(timeline.capture.probes.at(size - 1).hits, size - 1);
    };
    EXPECT_LT(growth(1000, summarize), far_from_linear);
}

} // namespace
} // namespace rcuscope::test
