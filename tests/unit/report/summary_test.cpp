// SPDX-License-Identifier: BSD-2-Clause
#include "report/summary.hpp"

#include <gmock/gmock.h>
#include <sstream>

#include "analysis/analysed.hpp"

namespace rcuscope::test {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string summary_of(const Analysed& timeline) {
    std::ostringstream out;
    print_summary(timeline, with_numbers(timeline), out);
    return out.str();
}

Analysed empty() {
    Analysed timeline;
    timeline.host.kernel = "6.1.0-test";
    timeline.host.cpus = 2;
    timeline.host.settings["cpus_online"] = "2";
    timeline.capture.end = 1'500'000'000;
    timeline.capture.complete = true;
    timeline.capture.end_reason = "command ended";
    return timeline;
}

CodeLocation code(PooledString module, PooledString function) {
    return {.address = 0x1000, .function = function, .module = module, .offset = 0};
}

Callback callback(PooledString function, Nanoseconds queued, MaybeTime invoked) {
    Callback result;
    result.function = code("demo", function);
    result.queued = queued;
    result.invoked = invoked;
    result.done = invoked;
    result.state = invoked ? CallbackState::done : CallbackState::pending;
    return result;
}

ModuleLife life(std::string name, MaybeTime loaded = {}, MaybeTime init_done = {}, MaybeTime freed = {}) {
    ModuleLife result;
    result.name = std::move(name);
    result.followed = true;
    result.loaded = loaded;
    result.init_done = init_done;
    result.freed = freed;
    return result;
}

GracePeriod grace_period(bool expedited, MaybeTime end) {
    GracePeriod result;
    result.expedited = expedited;
    result.start = 0;
    result.end = end;
    return result;
}

ReadSection read_section(CodeLocation place, Nanoseconds duration) {
    ReadSection result;
    result.place = place;
    result.end = duration;
    return result;
}

Wait wait(event::WaitKind kind, CodeLocation caller, Nanoseconds duration) {
    Wait result;
    result.kind = kind;
    result.caller = caller;
    result.end = duration;
    return result;
}

Hazard hazard(std::string kind, std::string severity, std::string text) {
    Hazard result;
    result.kind = std::move(kind);
    result.severity = std::move(severity);
    result.text = std::move(text);
    return result;
}

// The numbers of CPUs may have gaps.
TEST(PrintSummary, SaysHowManyCpusThereWere) {
    Analysed timeline = empty();
    timeline.host.cpus = 12;
    timeline.host.settings["cpus_online"] = "8";
    EXPECT_THAT(summary_of(timeline), HasSubstr("test, 8 CPUs; "));
    timeline.host.settings.clear();
    EXPECT_THAT(summary_of(timeline), HasSubstr("test, up to 12 CPUs; "));
}

TEST(PrintSummary, OfNothing) {
    EXPECT_EQ(summary_of(empty()), "Kernel 6.1.0-test, 2 CPUs; 1.5 s recorded (command ended)\n"
                                   "  grace periods                   0\n"
                                   "  callbacks                       0\n"
                                   "  read-side sections              not known: no module is followed (-m)\n"
                                   "  hazards                         none found\n"
                                   "  lost                            nothing\n");
}

TEST(PrintSummary, ManyLivesOfAModuleAreOneRow) {
    Analysed timeline = empty();
    for (Nanoseconds i = 0; i < 116; i++) {
        add_life(timeline, life("demo", i * 1'000'000, i * 1'000'000 + 1'000, i * 1'000'000 + 500'000),
                 i == 7 ? "demo: nothing was queued" : "demo: " + std::to_string(i) + " callbacks, all done");
        if (i % 2 == 0) {
            timeline.found.hazards.push_back(
                hazard("no-barrier", "warning", "demo queued " + std::to_string(i) + " callbacks."));
            timeline.found.hazards.back().module = "demo";
            timeline.found.hazards.back().at = i * 1'000'000;
        }
    }
    timeline.modules[3].init_error = -19;
    timeline.modules[115].freed.reset();
    const std::string text = summary_of(timeline);
    EXPECT_THAT(text,
                HasSubstr("  module demo                     116 lives, 1 of which failed in init, 1 without an end in "
                          "the recording\n"
                          "                                  init took p50 1 us, p90 1 us, p99 1 us, max 1 us\n"
                          "                                  in memory for p50 500 us, p90 500 us, p99 500 us, max "
                          "500 us\n"
                          "      115 times, first: demo: 0 callbacks, all done\n"
                          "      once: demo: nothing was queued\n"));
    EXPECT_THAT(text, HasSubstr("  hazards                         58\n"
                                "    warning: no-barrier, 58 times from 0 ns to 114 ms\n"
                                "      58 times, first: demo queued 0 callbacks.\n"));
    EXPECT_LT(std::count(text.begin(), text.end(), '\n'), 20);
}

TEST(PrintSummary, AFewLivesAreARowEach) {
    Analysed timeline = empty();
    timeline.modules = {life("demo", 0, 1'000, 2'000), life("other", 0, 1'000, 2'000),
                        life("demo", 3'000, 4'000, 9'000)};
    EXPECT_THAT(summary_of(timeline),
                HasSubstr("  module demo                     init took 1 us, in memory for 2 us\n"
                          "  module demo                     init took 1 us, in memory for 6 us\n"
                          "  module other                    init took 1 us, in memory for 2 us\n"));
}

TEST(PrintSummary, WordingsBeyondTheThirdAreCounted) {
    Analysed timeline = empty();
    for (const char* verdict : {"a", "a", "b", "c", "d", "e"})
        add_life(timeline, life("demo", 0, 1'000, 2'000), verdict);
    EXPECT_THAT(summary_of(timeline), HasSubstr("      2 times, first: a\n"
                                                "      once: b\n"
                                                "      once: c\n"
                                                "      and 2 verdicts more: see the page or the JSON\n"));
}

TEST(PrintSummary, WhatIsNotFollowed) {
    Analysed timeline = empty();
    timeline.capture.not_followed = {{.module = "demo", .calls = {"call_srcu()", "srcu_barrier()"}}};
    EXPECT_THAT(summary_of(timeline),
                HasSubstr("  not followed                    demo: call_srcu(), srcu_barrier()\n"));
}

TEST(PrintSummary, OfALittleOfEverything) {
    Analysed timeline = empty();
    add_life(timeline, life("demo", 1'000, 3'000, 2'001'000), "demo: 2 callbacks, all done");
    add_life(timeline, life("bystander"), "");
    timeline.modules[1].followed = false;
    timeline.grace_periods = {grace_period(false, 20'000'000), grace_period(true, {})};
    timeline.callbacks = {callback("demo_free", 0, 5'000), callback("demo_free", 10, {})};
    timeline.read_sections = {read_section(code("demo", "demo_read"), 250)};
    timeline.waits = {wait(event::WaitKind::rcu_barrier, code("demo", "demo_exit"), 7'000)};
    timeline.function_calls.resize(3);
    timeline.found.hazards = {hazard("freed-with-pending-callbacks", "fatal", "demo was freed.")};
    EXPECT_EQ(summary_of(timeline),
              "Kernel 6.1.0-test, 2 CPUs; 1.5 s recorded (command ended)\n"
              "  module demo                     init took 2 us, in memory for 2 ms\n"
              "      demo: 2 callbacks, all done\n"
              "  grace periods                   1: p50 20 ms, p90 20 ms, p99 20 ms, max 20 ms\n"
              "  expedited grace periods         1: no durations known\n"
              "  callbacks of demo:demo_free     2 queued, 1 run, 1 pending\n"
              "                                  latency p50 5 us, p90 5 us, p99 5 us, max 5 us\n"
              "  read-side sections in demo:demo_read 1: p50 250 ns, p90 250 ns, p99 250 ns, max 250 ns\n"
              "  rcu_barrier in demo:demo_exit   1: p50 7 us, p90 7 us, p99 7 us, max 7 us\n"
              "  calls of the module's functions 3\n"
              "  hazards                         1\n"
              "    fatal: freed-with-pending-callbacks, at 0 ns\n"
              "      demo was freed.\n"
              "  lost                            nothing\n");
}

TEST(PrintSummary, SaysHowManySectionsWereNotSeenToEnd) {
    Analysed timeline = empty();
    const auto open = [](SectionLeft left) {
        ReadSection section = read_section(code("demo", "demo_read"), 0);
        section.end = std::nullopt;
        section.left = left;
        return section;
    };
    timeline.read_sections = {read_section(code("demo", "demo_read"), 250), open(SectionLeft::task_ended)};
    EXPECT_THAT(summary_of(timeline), HasSubstr("  read-side sections in demo:demo_read 2: p50 250 ns, p90 250 ns, p99 "
                                                "250 ns, max 250 ns; 1 of 2 did not end\n"));
    timeline.read_sections = {open(SectionLeft::user_mode), open(SectionLeft::idle), open(SectionLeft::unseen_end),
                              open(SectionLeft::no)};
    EXPECT_THAT(summary_of(timeline), HasSubstr("; 2 of 4 did not end, 1 of 4 ended at a place that has no probe, 1 of "
                                                "4 without an end in the recording\n"));
}

TEST(PrintSummary, SaysWhatTheTracerItselfTook) {
    Analysed timeline = empty();
    timeline.capture.own_share = {.attach_ns = 41'000'000,
                                  .attach_grace_periods = 3,
                                  .attach_expedited = 0,
                                  .detach_ns = 80'000'000,
                                  .detach_grace_periods = 5,
                                  .detach_expedited = 2};
    EXPECT_THAT(summary_of(timeline),
                HasSubstr("  own share                       3 grace periods in 41 ms to attach, 5 "
                          "grace periods and 2 expedited ones in 80 ms to detach: not in the "
                          "recording\n"));
}

TEST(PrintSummary, SaysWhatEachProgramCost) {
    Analysed timeline = empty();
    timeline.capture.stats = {.programs = {{.program = "a", .place = "fentry/f", .runs = 0, .ns = 0},
                                           {.program = "b", .place = "kprobe/g", .runs = 4, .ns = 15'000'000}},
                              .recorder_cpu_ns = 30'000'000};
    const std::string text = summary_of(timeline);
    const std::string table = text.substr(text.find("  program "));
    EXPECT_EQ(table, "  program              attached to  runs  total     each  of a CPU\n"
                     "  b                    kprobe/g        4  15 ms  3.75 ms   1.000 %\n"
                     "  a                    fentry/f        0   0 ns            0.000 %\n"
                     "  all of them                          4  15 ms            1.000 %\n"
                     "  the recorder itself                     30 ms            2.000 %\n");
}

TEST(PrintSummary, SaysWhatIsNotKnown) {
    Analysed timeline = empty();
    timeline.capture.complete = false;
    timeline.capture.end_reason = "a chunk is cut";
    timeline.capture.lost = {{.cpu = 0, .from = 1, .to = 2, .count = 5}, {.cpu = 1, .from = 1, .to = 2, .count = 6}};
    timeline.capture.probes = {{.hook = "gp.start", .via = "fentry", .hits = {}, .missed = 3}};
    timeline.capture.missing = {{"module.readers", "no PREEMPT_RCU"}};
    EXPECT_THAT(
        summary_of(timeline),
        HasSubstr("  lost                            11 records: times around them are unknown; 3 events that the "
                  "kernel skipped at some time: gp.start 3\n"
                  "  not seen                        no PREEMPT_RCU\n"
                  "  cut off                         a chunk is cut\n"));
}

TEST(PrintSummary, SkippedProgramsAreLosses) {
    Analysed timeline = empty();
    timeline.capture.probes = {{.hook = "callback.queued", .via = "fentry", .hits = 9, .missed = 3},
                               {.hook = "gp.start", .via = "fentry", .hits = 9, .missed = 0}};
    timeline.capture.all_callbacks = true;
    EXPECT_THAT(summary_of(timeline), HasSubstr("  lost                            3 events that the kernel skipped at "
                                                "some time: callback.queued 3\n"));
    timeline.capture.all_callbacks = false;
    timeline.capture.followed = {"demo"};
    EXPECT_THAT(summary_of(timeline), HasSubstr("  lost                            nothing; 3 calls of any module were "
                                                "not looked at: callback.queued 3\n"));
    timeline.capture.probes.clear();
    EXPECT_THAT(summary_of(timeline), HasSubstr("  lost                            nothing\n"));
}

TEST(PrintSummary, NoReadSideSectionsAreNoneOnlyWhereTheyCanBeSeen) {
    Analysed timeline = empty();
    timeline.capture.followed = {"demo"};
    timeline.host.preempt_rcu = false;
    EXPECT_THAT(summary_of(timeline),
                HasSubstr("  read-side sections              not known: this kernel is without CONFIG_PREEMPT_RCU "
                          "(--reader-function names functions that read)\n"));
    timeline.host.preempt_rcu = true;
    EXPECT_THAT(summary_of(timeline), HasSubstr("not known: their places could not be probed"));
    timeline.capture.probes = {{.hook = "module.readers", .via = "tracefs-kprobe", .hits = 0, .missed = 0}};
    EXPECT_THAT(summary_of(timeline), HasSubstr("  read-side sections              0\n"));
}

TEST(PrintSummary, ModulesThatWereNotSeenToTheEnd) {
    Analysed timeline = empty();
    timeline.modules = {life("bad", 0, 10, 1'000), life("stays", 0, 1'000), life("early", {}, {}, 5)};
    timeline.modules[0].init_error = -12;
    EXPECT_THAT(summary_of(timeline),
                HasSubstr("  module bad                      init failed with -12, in memory for 1 us\n"
                          "  module stays                    init took 1 us, still in memory at the end\n"
                          "  module early                    freed\n"));
}

TEST(PrintSummary, LongTextsAreBrokenBetweenWords) {
    Analysed timeline = empty();
    std::string text = "one";
    for (int i = 0; i < 40; i++)
        text += " word" + std::to_string(i);
    text += " " + std::string(200, 'x') + " end.";
    timeline.found.hazards = {hazard("kind", "latent", text)};
    const std::string summary = summary_of(timeline);
    EXPECT_THAT(summary, HasSubstr("\n    latent: kind, at 0 ns\n      one word0 word1 "));
    EXPECT_THAT(summary, HasSubstr("\n      " + std::string(200, 'x') + "\n      end.\n"));
    std::istringstream lines(summary);
    for (std::string line; std::getline(lines, line);)
        EXPECT_TRUE(line.size() <= 110 || line.find('x') == 6) << line;
}

TEST(PrintSummary, TenFunctionsWithCallbacksAreEnough) {
    Analysed timeline = empty();
    for (int i = 0; i < 12; i++)
        timeline.callbacks.push_back(callback("free_" + std::to_string(i), 0, 5));
    EXPECT_THAT(summary_of(timeline), HasSubstr("and callbacks of 2 more functions\n"));
}

// Any text of a recording may contain control sequences for the user's terminal.
TEST(PrintSummary, UntrustedTextIsShownNotObeyed) {
    Analysed timeline = empty();
    const std::string evil = "\x1b[2Jx";
    timeline.host.kernel = evil;
    timeline.capture.complete = false;
    timeline.capture.end_reason = evil;
    timeline.capture.missing = {{evil, evil}};
    add_life(timeline, life(evil), evil);
    timeline.callbacks = {callback(evil, 0, 5)};
    timeline.read_sections = {read_section(code(evil, evil), 1)};
    timeline.waits = {wait(event::WaitKind::rcu_barrier, code(evil, evil), 1)};
    timeline.found.hazards = {hazard("kind", "fatal", evil)};
    const std::string text = summary_of(timeline);
    EXPECT_THAT(text, Not(HasSubstr("\x1b")));
    EXPECT_THAT(text, HasSubstr("callbacks of demo:\\u{1b}[2Jx"));
    EXPECT_THAT(text, HasSubstr("Kernel \\u{1b}[2Jx, 2 CPUs"));
}

} // namespace
} // namespace rcuscope::test
