// SPDX-License-Identifier: BSD-2-Clause
#include "record/symbol_collector.hpp"

#include <gmock/gmock.h>

#include "temp_dir.hpp"

namespace rcuscope::test {
namespace {

using event::ModuleStep;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

constexpr const char* kernel_alone = "1000 T call_site\n2000 T other_site\n";
constexpr const char* with_old = "1000 T call_site\n2000 T other_site\n900000 t old_free\t[old]\n";
constexpr const char* with_new =
    "1000 T call_site\n2000 T other_site\n900000 t new_init\t[new]\n900100 t new_free\t[new]\n";

// A collector, and the kallsyms file that it reads again.
struct Collecting {
    explicit Collecting(const char* kallsyms)
        : path(dir.write("kallsyms", kallsyms)), collector(Kallsyms::parse(kallsyms), path) {}

    void kallsyms_now(const char* text) const { dir.write("kallsyms", text); }
    void queued(std::uint64_t function, std::uint64_t caller = 0) {
        collector.see(function);
        collector.see(caller);
    }
    void module(ModuleStep step) {
        take(event::Module{.step = step, .name = "new", .base = 0x900000, .size = 0x1000, .ret = 0});
    }
    void take(EventBody body) { collector.take({.ns = ns, .cpu = 0, .tid = 1, .body = std::move(body)}); }

    // Example: "900100 new:new_free+0"
    std::vector<std::string> found() {
        std::vector<std::string> words;
        for (const SymbolInfo& symbol : collector.all_names()) {
            std::ostringstream text;
            text << std::hex << symbol.address << " " << (symbol.module.empty() ? "" : symbol.module + ":")
                 << symbol.name << "+" << symbol.offset;
            words.push_back(text.str());
        }
        return words;
    }

    // "new_free 7": the time from which each name is valid
    std::vector<std::string> since() {
        std::vector<std::string> words;
        for (const SymbolInfo& symbol : collector.all_names())
            words.push_back(symbol.name + " " + (symbol.since_ns ? std::to_string(*symbol.since_ns) : "unknown"));
        return words;
    }

    TempDir dir;
    std::string path;
    SymbolCollector collector;
    std::uint64_t ns = 1; // of the next event
};

TEST(SymbolCollector, NamesFunctionsCallersAndSites) {
    Collecting symbols(with_old);
    symbols.queued(0x900000, 0x1010);
    symbols.take(event::WaitBegin{.caller = 0x2004});
    symbols.take(event::Site{.address = 0x900008});
    EXPECT_THAT(symbols.found(), ElementsAre("900000 old:old_free+0", "1010 call_site+10", "2004 other_site+4",
                                             "900008 old:old_free+8"));
}

TEST(SymbolCollector, NamesEachAddressOnce) {
    Collecting symbols(with_old);
    symbols.queued(0x900000, 0x1010);
    EXPECT_EQ(symbols.found().size(), 2u);
    symbols.queued(0x900000, 0x1010);
    EXPECT_THAT(symbols.found(), IsEmpty());
}

TEST(SymbolCollector, RemembersNoMoreThanSoManyAndNamesThemAgain) {
    Collecting symbols(kernel_alone);
    symbols.queued(0x1010);
    EXPECT_EQ(symbols.found().size(), 1u);
    for (std::uint64_t i = 1; i <= SymbolCollector::max_known; i++)
        symbols.queued(0xffff'0000'0000'0000 + i);
    (void)symbols.found();
    symbols.queued(0x1010);
    EXPECT_THAT(symbols.found(), ElementsAre("1010 call_site+10"));
}

TEST(SymbolCollector, NamesCallersOfKvfreeAndStacks) {
    Collecting symbols(kernel_alone);
    symbols.take(event::KvfreeRcu{.object = 0x1020, .caller = 0x1010});
    EXPECT_EQ(symbols.found().size(), 1u);
    symbols.take(event::Stack{{0x1010, 0x1020, 0x1030}});
    EXPECT_EQ(symbols.found().size(), 2u);
}

TEST(SymbolCollector, WhatAModulesFileNamesIsNotAskedFor) {
    Collecting symbols(kernel_alone);
    symbols.kallsyms_now("1000 T call_site\n2000 T other_site\n910000 t new_init\t[new]\n");
    symbols.module(ModuleStep::coming);
    symbols.take(event::ModuleSection{.module = "new", .section = ".text", .address = 0x900000});
    symbols.queued(0x900100, 0x1010);
    EXPECT_THAT(symbols.found(), ElementsAre("1010 call_site+10"));
    // Its init section is at another address, and is freed.
    symbols.queued(0x910000);
    EXPECT_THAT(symbols.found(), ElementsAre("910000 new:new_init+0"));
}

TEST(SymbolCollector, WhereSectionsAreNotToldNamesAreAskedFor) {
    Collecting symbols(kernel_alone);
    symbols.kallsyms_now(with_new);
    symbols.module(ModuleStep::coming);
    symbols.queued(0x900100);
    EXPECT_THAT(symbols.found(), ElementsAre("900100 new:new_free+0"));
    symbols.take(event::ModuleSection{.module = "other", .section = ".text", .address = 0x900000});
    symbols.queued(0x900010);
    EXPECT_THAT(symbols.found(), ElementsAre("900010 new:new_init+10"));
}

TEST(SymbolCollector, AModuleThatComesWhereAnotherLayIsAskedFor) {
    Collecting symbols(kernel_alone);
    symbols.take(event::Module{.step = ModuleStep::coming, .name = "old", .base = 0x900000, .size = 0x1000, .ret = 0});
    symbols.take(event::ModuleSection{.module = "old", .section = ".text", .address = 0x900000});
    symbols.kallsyms_now(with_new);
    symbols.module(ModuleStep::coming);
    symbols.queued(0x900100);
    EXPECT_THAT(symbols.found(), ElementsAre("900100 new:new_free+0"));
}

TEST(SymbolCollector, WhatHasNoNameIsLeftOut) {
    Collecting symbols(kernel_alone);
    symbols.queued(0, 0);
    symbols.queued(0x10);
    symbols.queued(0xffffffffc0000000);
    symbols.take(event::GpEnd{});
    EXPECT_THAT(symbols.found(), IsEmpty());
}

TEST(SymbolCollector, LooksAgainOnceAModuleHasCome) {
    Collecting symbols(kernel_alone);
    symbols.kallsyms_now(with_new);
    symbols.queued(0x900100);
    EXPECT_THAT(symbols.found(), IsEmpty()) << "no module came";
    symbols.module(ModuleStep::coming);
    symbols.queued(0x900100);
    EXPECT_THAT(symbols.found(), ElementsAre("900100 new:new_free+0"));
}

// A function extends to the next symbol, so the new module's code seems to belong to the old one until kallsyms is
// read again.
TEST(SymbolCollector, ANewModuleIsNotTakenForItsNeighbour) {
    Collecting symbols("8f0000 t neighbour\t[old]\n");
    symbols.kallsyms_now("8f0000 t neighbour\t[old]\n900000 t new_init\t[new]\n");
    symbols.module(ModuleStep::coming);
    symbols.queued(0x900000);
    EXPECT_THAT(symbols.found(), ElementsAre("900000 new:new_init+0"));
}

TEST(SymbolCollector, AModuleMayComeWhereAnotherWas) {
    Collecting symbols(with_old);
    symbols.queued(0x900000);
    EXPECT_THAT(symbols.found(), ElementsAre("900000 old:old_free+0"));
    symbols.module(ModuleStep::freed);
    symbols.kallsyms_now(with_new);
    symbols.module(ModuleStep::coming);
    symbols.queued(0x900000);
    EXPECT_THAT(symbols.found(), ElementsAre("900000 new:new_init+0"));
}

// An event of one CPU may be read before the event of another CPU that reports the module.
TEST(SymbolCollector, WaitsForAllCpusBeforeItNames) {
    Collecting symbols("8f0000 t neighbour\t[old]\n");
    symbols.kallsyms_now("8f0000 t neighbour\t[old]\n900000 t new_init\t[new]\n");
    symbols.queued(0x900000);
    symbols.module(ModuleStep::coming);
    EXPECT_THAT(symbols.found(), ElementsAre("900000 new:new_init+0"));
}

// No event reports that an init section is freed.
TEST(SymbolCollector, AModuleMayComeWhereAnothersInitSectionWas) {
    Collecting symbols(with_old);
    symbols.queued(0x900000);
    EXPECT_THAT(symbols.found(), ElementsAre("900000 old:old_free+0"));
    symbols.kallsyms_now(with_new);
    symbols.module(ModuleStep::coming);
    symbols.queued(0x900000);
    EXPECT_THAT(symbols.found(), ElementsAre("900000 new:new_init+0"));
}

TEST(SymbolCollector, SaysSinceWhenAnAddressHasItsName) {
    Collecting symbols(with_old);
    symbols.queued(0x900000, 0x1010);
    EXPECT_THAT(symbols.since(), ElementsAre("old_free 0", "call_site 0"));
    symbols.kallsyms_now(with_new);
    symbols.ns = 7;
    symbols.module(ModuleStep::coming);
    symbols.ns = 9;
    symbols.queued(0x900000);
    EXPECT_THAT(symbols.since(), ElementsAre("new_init 7"));
}

// Kallsyms may have a module whose load event is still in a ring. Its name must not be given to code that was at the
// same address before.
TEST(SymbolCollector, WaitsForTheComingOfAModuleThatKallsymsKnows) {
    Collecting symbols(kernel_alone);
    symbols.kallsyms_now(with_new);
    symbols.take(event::Module{.step = ModuleStep::coming, .name = "old", .base = 0x900000, .size = 0x1000, .ret = 0});
    symbols.queued(0x900100);
    EXPECT_THAT(symbols.since(), IsEmpty());
    EXPECT_TRUE(symbols.collector.reads());
    symbols.ns = 7;
    symbols.module(ModuleStep::coming);
    EXPECT_THAT(symbols.since(), ElementsAre("new_free 7"));
    EXPECT_FALSE(symbols.collector.reads());
}

TEST(SymbolCollector, AModuleWhoseComingWasLostIsNamedAllTheSame) {
    Collecting symbols(kernel_alone);
    symbols.kallsyms_now(with_new);
    symbols.take(event::Module{.step = ModuleStep::coming, .name = "old", .base = 0x900000, .size = 0x1000, .ret = 0});
    symbols.queued(0x900100);
    EXPECT_THAT(symbols.since(), IsEmpty());
    EXPECT_THAT(symbols.since(), ElementsAre("new_free 0"));
}

TEST(SymbolCollector, TheKernelsOwnNamesStay) {
    Collecting symbols(kernel_alone);
    symbols.queued(0x1000);
    EXPECT_EQ(symbols.found().size(), 1u);
    symbols.module(ModuleStep::coming);
    symbols.queued(0x1000);
    EXPECT_THAT(symbols.found(), IsEmpty());
}

TEST(SymbolCollector, KeepsItsNamesIfKallsymsCannotBeReadAgain) {
    Collecting symbols(with_old);
    symbols.kallsyms_now("0 T call_site\n"); // hidden in the meantime
    symbols.module(ModuleStep::coming);
    symbols.queued(0x900000, 0x1000);
    EXPECT_THAT(symbols.found(), UnorderedElementsAre("900000 old:old_free+0", "1000 call_site+0"));
}

} // namespace
} // namespace rcuscope::test
