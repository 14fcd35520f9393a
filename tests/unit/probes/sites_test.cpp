// SPDX-License-Identifier: BSD-2-Clause
#include "probes/sites.hpp"

#include <gmock/gmock.h>

#include "base/file.hpp"
#include "temp_dir.hpp"

namespace rcuscope::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// Example: "function_entry demo:demo_read+0"
std::vector<std::string> words_of(const std::vector<SiteInfo>& sites) {
    constexpr const char* kinds[] = {"lock", "unlock", "entry", "return", "reader", "reader-return"};
    std::vector<std::string> words;
    words.reserve(sites.size());
    for (const SiteInfo& site : sites)
        words.push_back(kinds[static_cast<std::size_t>(site.kind)] + (" " + site.module) + ":" + site.function + "+" +
                        std::to_string(site.offset));
    return words;
}

ModuleFile demo() {
    ModuleFile module;
    module.name = "demo";
    module.functions = {{"demo_read", ".text", 0, 32, true},
                        {"demo_write", ".text", 32, 32, true},
                        {"demo_read.cold", ".text.unlikely", 0, 8, false},
                        {"demo_exit", ".exit.text", 0, 8, true}};
    module.read_sites = {{true, "demo_read", 5}, {false, "demo_read.cold", 2}};
    return module;
}

TEST(SitesOf, ReadersIfTheyAreAskedFor) {
    EXPECT_THAT(words_of(sites_of(demo(), {.readers = true})),
                ElementsAre("lock demo:demo_read+5", "unlock demo:demo_read.cold+2"));
    EXPECT_THAT(sites_of(demo(), {}), IsEmpty());
}

TEST(SitesOf, FunctionsByPattern) {
    EXPECT_THAT(words_of(sites_of(demo(), {.functions = {"demo_[re]*"}})),
                ElementsAre("entry demo:demo_read+0", "return demo:demo_read+0", "entry demo:demo_exit+0",
                            "return demo:demo_exit+0"));
    EXPECT_THAT(sites_of(demo(), {.functions = {"demo", "read"}}), IsEmpty()) << "a pattern is of the whole name";
}

// A function that is also a reader is probed at its entry and its return.
TEST(SitesOf, CallsAtTheirPlaces) {
    ModuleFile module = demo();
    module.functions[0].places = {.entry = 7, .leaves = {20, 31}, .jumps_away = true};
    EXPECT_THAT(words_of(sites_of(module, {.functions = {"demo_[re]*"}})),
                ElementsAre("entry demo:demo_read+7", "return demo:demo_read+20", "return demo:demo_read+31",
                            "entry demo:demo_exit+0", "return demo:demo_exit+0"));
    EXPECT_THAT(words_of(sites_of(module, {.functions = {"demo_read"}, .reader_functions = {"demo_read"}})),
                ElementsAre("entry demo:demo_read+0", "return demo:demo_read+0", "reader demo:demo_read+0",
                            "reader-return demo:demo_read+0"));
}

TEST(SitesOf, AFunctionThatMatchesTwiceIsThereOnce) {
    EXPECT_EQ(sites_of(demo(), {.functions = {"*write", "demo_w*"}}).size(), 2u);
}

TEST(SitesOf, PartsThatCannotBeEnteredAreNoFunctions) {
    EXPECT_EQ(sites_of(demo(), {.functions = {"*"}}).size(), 6u);
    EXPECT_THAT(sites_of(demo(), {.functions = {"*.cold"}}), IsEmpty());
}

TEST(SitesOf, AFunctionWhoseEntryIsNotSafeIsNone) {
    ModuleFile module = demo();
    module.functions[1].unsafe = true;
    module.functions[3].notrace = true;
    EXPECT_EQ(sites_of(module, {.functions = {"*"}, .reader_functions = {"*"}}).size(), 4u);
    const auto unseen = unseen_functions(module, {"*"});
    ASSERT_EQ(unseen.size(), 2u);
    EXPECT_EQ(unseen[0].name, "demo_write");
    EXPECT_THAT(unseen[0].why, HasSubstr("read beyond the end of the module's code"));
    EXPECT_EQ(unseen[1].name, "demo_exit");
    EXPECT_THAT(unseen[1].why, HasSubstr("notrace"));
    EXPECT_THAT(unseen_functions(module, {"demo_read"}), IsEmpty());
}

TEST(SitesOf, ReaderFunctionsAreSitesOfTheirOwn) {
    EXPECT_THAT(words_of(sites_of(demo(), {.functions = {"demo_write"}, .reader_functions = {"demo_w*"}})),
                ElementsAre("entry demo:demo_write+0", "return demo:demo_write+0", "reader demo:demo_write+0",
                            "reader-return demo:demo_write+0"));
    EXPECT_EQ(sites_of(demo(), {.functions = {}, .reader_functions = {"demo_read"}}).size(), 2u);
}

KernelName group_7() {
    return *KernelName::of("rcuscope_7");
}

// Plain files in place of the kernel's: they collect what is written.
struct FakeTracefs {
    FakeTracefs() {
        dir.write("kprobe_events", "");
        dir.write("events/rcuscope_7/rcuscope_7_sites/id", "1601\n");
        dir.write("events/rcuscope_7/rcuscope_7_returns/id", "1602\n");
        dir.write("events/rcuscope_7/rcuscope_7_jumps/id", "1603\n");
        dir.write("events/rcuscope_7/rcuscope_7_leaves/id", "1604\n");
    }
    std::string written() const { return read_file(dir.file("kprobe_events")).value_or("unreadable"); }
    Result<PlacedSites> place(const std::vector<SiteInfo>& sites) const {
        return place_sites(dir.path(), group_7(), sites);
    }

    TempDir dir;
};

TEST(PlaceSites, OneEventForPlacesAndOneForReturns) {
    const FakeTracefs tracefs;
    const auto placed = tracefs.place(sites_of(demo(), {.readers = true, .functions = {"*write"}}));
    ASSERT_TRUE(placed) << placed.error().why;
    EXPECT_EQ(tracefs.written(), "p:rcuscope_7/rcuscope_7_sites demo:demo_read+0x5\n"
                                 "p:rcuscope_7/rcuscope_7_sites demo:demo_read.cold+0x2\n"
                                 "p:rcuscope_7/rcuscope_7_sites demo:demo_write\n"
                                 "r:rcuscope_7/rcuscope_7_returns demo:demo_write\n");
    EXPECT_EQ(placed->sites_event, 1601u);
    EXPECT_EQ(placed->returns_event, 1602u);
    EXPECT_EQ(placed->sites.size(), 4u);
    EXPECT_THAT(placed->refused, IsEmpty());
}

TEST(PlaceSites, AFunctionThatIsAReaderBesidesIsOnePlace) {
    const FakeTracefs tracefs;
    const auto placed =
        tracefs.place(sites_of(demo(), {.functions = {"demo_write"}, .reader_functions = {"demo_write"}}));
    ASSERT_TRUE(placed) << placed.error().why;
    EXPECT_EQ(tracefs.written(), "p:rcuscope_7/rcuscope_7_sites demo:demo_write\n"
                                 "r:rcuscope_7/rcuscope_7_returns demo:demo_write\n");
    EXPECT_EQ(placed->sites.size(), 4u);
}

// A probe that uses ftrace has no copy of an instruction.
TEST(PlaceSites, CountsTheSlotsOfItsBreakpoints) {
    ModuleFile module = demo();
    module.functions[0].places = {.entry = 7, .leaves = {7, 31}, .jumps_away = false};
    const FakeTracefs tracefs;
    const auto placed =
        tracefs.place(sites_of(module, {.readers = true, .functions = {"*"}, .reader_functions = {"*write"}}));
    ASSERT_TRUE(placed) << placed.error().why;
    EXPECT_EQ(placed->slots, 4u) << "lock, unlock, and entry and leave of demo_read";
}

TEST(PlaceSites, JumpsAreAnEventOfTheirOwn) {
    ModuleFile module = demo();
    module.jumps = {{.function = "demo_write", .offset = 0x1b, .target = "call_rcu", .why_unseen = {}},
                    {.function = "demo_exit", .offset = 7, .target = "rcu_barrier", .why_unseen = "it is notrace"}};
    const FakeTracefs tracefs;
    const auto placed = tracefs.place(jumps_of(module));
    ASSERT_TRUE(placed) << placed.error().why;
    EXPECT_EQ(tracefs.written(), "p:rcuscope_7/rcuscope_7_jumps demo:demo_write+0x1b\n");
    EXPECT_EQ(placed->jumps_event, 1603u);
    EXPECT_EQ(placed->sites_event, std::nullopt);
    EXPECT_THAT(placed->sites, IsEmpty()) << "they are in no capture";
}

TEST(PlaceSites, LeavesAreAnEventOfTheirOwn) {
    ModuleFile module = demo();
    module.functions[1].places = {.entry = 7, .leaves = {20}, .jumps_away = false};
    const FakeTracefs tracefs;
    const auto placed = tracefs.place(sites_of(module, {.functions = {"demo_write"}}));
    ASSERT_TRUE(placed) << placed.error().why;
    EXPECT_EQ(tracefs.written(), "p:rcuscope_7/rcuscope_7_sites demo:demo_write+0x7\n"
                                 "p:rcuscope_7/rcuscope_7_leaves demo:demo_write+0x14\n");
    EXPECT_EQ(placed->leaves_event, 1604u);
    EXPECT_EQ(placed->returns_event, std::nullopt);
    EXPECT_EQ(placed->sites.size(), 2u);
}

TEST(PlaceSites, AFunctionThatIsLeftAtOnceIsOnePlace) {
    ModuleFile module = demo();
    module.functions[1].places = {.entry = 7, .leaves = {7}, .jumps_away = true};
    const FakeTracefs tracefs;
    const auto placed = tracefs.place(sites_of(module, {.functions = {"demo_write"}}));
    ASSERT_TRUE(placed) << placed.error().why;
    EXPECT_EQ(tracefs.written(), "p:rcuscope_7/rcuscope_7_sites demo:demo_write+0x7\n");
    EXPECT_EQ(placed->leaves_event, std::nullopt);
    EXPECT_EQ(placed->sites.size(), 2u);
}

TEST(PlaceSites, OffsetsAreHexadecimal) {
    const FakeTracefs tracefs;
    ASSERT_TRUE(tracefs.place({{SiteKind::read_unlock, "demo", "demo_read", 0x1a2}}));
    EXPECT_THAT(tracefs.written(), HasSubstr("demo:demo_read+0x1a2\n"));
}

TEST(PlaceSites, AnEventThatHasNoPlaceIsNotAskedFor) {
    const FakeTracefs tracefs;
    const auto placed = tracefs.place(sites_of(demo(), {.readers = true}));
    ASSERT_TRUE(placed) << placed.error().why;
    EXPECT_EQ(placed->sites_event, 1601u);
    EXPECT_EQ(placed->returns_event, std::nullopt);
    const auto none = tracefs.place({});
    ASSERT_TRUE(none);
    EXPECT_EQ(none->sites_event, std::nullopt);
}

// The kernel executes each line as root, so a name with other characters must not be written.
TEST(PlaceSites, ANameThatIsNoneIsRefused) {
    const FakeTracefs tracefs;
    const std::string evil = "demo_read\np:foreign/evil do_sys_open\n#";
    const auto placed = tracefs.place({{SiteKind::read_lock, "demo", evil, 5},
                                       {SiteKind::function_return, evil, "demo_read", 0},
                                       {SiteKind::read_lock, "demo", "demo_read", 5}});
    ASSERT_TRUE(placed) << placed.error().why;
    EXPECT_EQ(tracefs.written(), "p:rcuscope_7/rcuscope_7_sites demo:demo_read+0x5\n");
    EXPECT_EQ(placed->sites.size(), 1u);
    ASSERT_EQ(placed->refused.size(), 2u);
    EXPECT_EQ(placed->refused[0].hook, "module.readers");
    EXPECT_THAT(placed->refused[0].why, HasSubstr("letters, digits"));
    EXPECT_EQ(placed->refused[1].hook, "module.functions");
}

TEST(PlaceSites, FailsIfAllNamesAreRefused) {
    const FakeTracefs tracefs;
    const auto placed = tracefs.place({{SiteKind::read_lock, "demo", "two words", 5}});
    ASSERT_FALSE(placed);
    EXPECT_EQ(tracefs.written(), "");
    EXPECT_THAT(placed.error().why, HasSubstr("two words+0x5: the kernel's files take names of letters"));
}

TEST(PlaceSites, FailsIfTheKernelTakesNone) {
    const TempDir nothing;
    const auto placed = place_sites(nothing.path(), group_7(), sites_of(demo(), {.readers = true, .functions = {"*"}}));
    ASSERT_FALSE(placed);
    EXPECT_EQ(placed.error().code, ExitCode::cannot_here);
    EXPECT_EQ(placed.error().what, "cannot place a probe in demo");
    EXPECT_EQ(placed.error().why, "demo:demo_read+0x5: No such file or directory");
}

TEST(PlaceSites, FailsIfTheEventHasNoId) {
    const FakeTracefs tracefs;
    tracefs.dir.write("events/rcuscope_7/rcuscope_7_sites/id", "\n");
    const auto placed = tracefs.place(sites_of(demo(), {.readers = true}));
    ASSERT_FALSE(placed);
    EXPECT_THAT(placed.error().what, HasSubstr("events/rcuscope_7/rcuscope_7_sites/id"));
}

TEST(CountSites, SumsAllPlacesOfAnEvent) {
    const FakeTracefs tracefs;
    // The format of trace_kprobe.c: "  %-44s %15lu %15lu\n"
    tracefs.dir.write("kprobe_profile",
                      "  rcuscope_7_sites                                            12               1\n"
                      "  rcuscope_7_returns                                           3               0\n"
                      "  rcuscope_77_sites                                          500             500\n"
                      "  rcuscope_7_sites                                            30               2\n");
    const SiteCounts sites = count_sites(tracefs.dir.path(), group_7(), SiteEvent::sites);
    EXPECT_EQ(sites.hits, 42u);
    EXPECT_EQ(sites.missed, 3u);
    EXPECT_EQ(count_sites(tracefs.dir.path(), group_7(), SiteEvent::returns).hits, 3u);
}

TEST(CountSites, WhatIsNotThereCountsNothing) {
    const FakeTracefs tracefs;
    EXPECT_EQ(count_sites(tracefs.dir.path(), group_7(), SiteEvent::sites).hits, 0u);
    tracefs.dir.write("kprobe_profile", "rcuscope_7_sites\n\n  rcuscope_7_sites  x y\n rcuscope_7_sites 1 2 3\n");
    EXPECT_EQ(count_sites(tracefs.dir.path(), group_7(), SiteEvent::sites).hits, 0u);
}

} // namespace
} // namespace rcuscope::test
