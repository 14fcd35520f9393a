// SPDX-License-Identifier: BSD-2-Clause
#include <gtest/gtest.h>

#include "timeline/scenario.hpp"
#include "timeline/symbols.hpp"

namespace rcuscope::test {
namespace {

event::ModuleSection put(const std::string& module, const std::string& section, std::uint64_t address) {
    return {.module = module, .section = section, .address = address};
}

Metadata two_modules() {
    ModuleInfo demo;
    demo.name = "rcu_demo";
    demo.functions = {{.name = "demo_exit", .section = ".exit.text", .offset = 0, .size = 0x10},
                      {.name = "demo_read", .section = ".text", .offset = 0x0, .size = 0x20},
                      {.name = "demo_asm", .section = ".text", .offset = 0x20, .size = 0},
                      {.name = "demo_free", .section = ".text", .offset = 0x40, .size = 0x10},
                      {.name = "demo_last", .section = ".text", .offset = 0x60, .size = 0}};
    ModuleInfo other = demo;
    other.name = "rcu_other";
    Metadata metadata;
    metadata.modules = {demo, other};
    return metadata;
}

std::string name(const CodeLocation& place) {
    return place.module + ":" + place.function + "+" + std::to_string(place.offset);
}

TEST(Symbols, FunctionsOfAPlacedModule) {
    const Metadata metadata = two_modules();
    Symbols symbols(metadata, {});
    EXPECT_FALSE(symbols.function(0)->known());
    EXPECT_EQ(symbols.function(0x1000)->function, "");
    symbols.placed(put("rcu_demo", ".text", 0x1000));
    symbols.placed(put("unknown", ".text", 0x1000));
    symbols.placed(put("rcu_demo", ".data", 0x1000));

    EXPECT_EQ(name(symbols.function(0x1000)), "rcu_demo:demo_read+0");
    EXPECT_EQ(name(symbols.function(0x1048)), "rcu_demo:demo_free+8");
    EXPECT_EQ(symbols.function(0x1048)->address, 0x1048U);
    EXPECT_EQ(name(symbols.function(0x103f)), "rcu_demo:demo_asm+31") << "without a size it reaches to the next";
    EXPECT_EQ(symbols.function(0x1050)->function, "") << "between two functions";
    EXPECT_EQ(name(symbols.function(0x1060)), "rcu_demo:demo_last+0");
    EXPECT_EQ(symbols.function(0x1061)->function, "");
    EXPECT_EQ(symbols.function(0xfff)->function, "");
}

TEST(Symbols, ACallersCallMayBeItsLastInstruction) {
    const Metadata metadata = two_modules();
    Symbols symbols(metadata, {{.address = 0x5000, .name = "free_module", .offset = 0x12, .module = ""}});
    symbols.placed(put("rcu_demo", ".text", 0x1000));

    EXPECT_EQ(name(symbols.caller(0x1020)), "rcu_demo:demo_read+32");
    EXPECT_EQ(name(symbols.caller(0x1008)), "rcu_demo:demo_read+8");
    EXPECT_EQ(name(symbols.caller(0x5000)), ":free_module+18");
    EXPECT_FALSE(symbols.caller(0)->known());
}

TEST(Symbols, AFollowedModulesFileIsPreferred) {
    const Metadata metadata = two_modules();
    Symbols symbols(metadata, {{.address = 0x1004, .name = "stale", .offset = 0, .module = "gone"}});
    EXPECT_EQ(name(symbols.function(0x1004)), "gone:stale+0");
    symbols.placed(put("rcu_demo", ".text", 0x1000));
    EXPECT_EQ(name(symbols.function(0x1004)), "rcu_demo:demo_read+4");
}

TEST(Symbols, ALaterLoadReplacesTheEarlier) {
    const Metadata metadata = two_modules();
    Symbols symbols(metadata, {});
    symbols.placed(put("rcu_demo", ".text", 0x1000));
    symbols.placed(put("rcu_demo", ".exit.text", 0x2000));
    symbols.placed(put("rcu_demo", ".text", 0x3000));

    EXPECT_EQ(symbols.function(0x1000)->function, "");
    EXPECT_EQ(symbols.function(0x2000)->function, "demo_exit");
    EXPECT_EQ(symbols.function(0x3000)->function, "demo_read");
}

TEST(Symbols, AnotherModuleAtTheSamePlaceReplacesTheOldOne) {
    const Metadata metadata = two_modules();
    Symbols symbols(metadata, {});
    symbols.placed(put("rcu_demo", ".text", 0x1000));
    symbols.placed(put("rcu_other", ".text", 0x1000));
    EXPECT_EQ(symbols.function(0x1000)->module, "rcu_other");

    event::Module stranger;
    stranger.name = "stranger";
    stranger.base = 0x1000;
    stranger.size = 0x1000;
    symbols.laid_out(stranger);
    EXPECT_EQ(name(symbols.function(0x1000)), "stranger:[unknown]+0");
}

SymbolInfo named(std::uint64_t address, const std::string& name, const std::string& module,
                 std::optional<std::uint64_t> since) {
    return {.address = address, .name = name, .offset = 0, .module = module, .since_ns = since};
}

event::Module coming(const std::string& module, std::uint64_t base, std::uint32_t size = 0x1000) {
    return {.step = event::ModuleStep::coming, .name = module, .base = base, .size = size};
}

// The module may be freed before its names can be read.
TEST(Symbols, CodeOfAModuleThatNobodyNamedIsTheModulesWhileItIsThere) {
    const Metadata metadata;
    Symbols symbols(metadata, {named(0x1080, "brief_free", "brief", 10)});
    symbols.now(10);
    symbols.laid_out(coming("brief", 0x1000));
    EXPECT_EQ(name(symbols.function(0x1080)), "brief:brief_free+0");
    EXPECT_EQ(name(symbols.function(0x1040)), "brief:[unknown]+64");
    EXPECT_EQ(name(symbols.caller(0x2000)), "brief:[unknown]+4096");
    EXPECT_EQ(symbols.function(0x2000)->module, "");

    symbols.now(20);
    symbols.freed("brief");
    EXPECT_EQ(symbols.function(0x1040)->module, "") << "what comes there may be anybody's";

    symbols.now(30);
    symbols.laid_out(coming("brief", 0x8000));
    EXPECT_EQ(symbols.function(0x1040)->module, "");
    EXPECT_EQ(name(symbols.function(0x8040)), "brief:[unknown]+64");
}

TEST(Symbols, ANameHoldsFromItsTimeOn) {
    const Metadata metadata;
    Symbols symbols(metadata, {named(0x1040, "old_free", "old", 0), named(0x1040, "new_free", "new", 50),
                               named(0x9000, "late", "late", 70)});
    EXPECT_FALSE(symbols.now(10));
    EXPECT_EQ(symbols.function(0x1040)->function, "old_free");
    EXPECT_EQ(symbols.function(0x9000)->function, "") << "it has not come";
    EXPECT_FALSE(symbols.now(49));
    EXPECT_TRUE(symbols.now(50)) << "what was found before is to be forgotten";
    EXPECT_EQ(symbols.function(0x1040)->function, "new_free");
    EXPECT_FALSE(symbols.now(51));
    EXPECT_TRUE(symbols.now(71));
    EXPECT_EQ(symbols.function(0x9000)->function, "late");
}

TEST(Symbols, WhereAModuleCameAnOlderNameIsVoid) {
    const Metadata metadata;
    Symbols symbols(metadata, {named(0x1040, "old_free", "old", 0), named(0x2040, "beside_free", "beside", 0),
                               named(0x1048, "kernel_proper", "", 0), named(0x1050, "new_read", "new", 50)});
    symbols.now(50);
    symbols.laid_out(coming("new", 0x1000));
    EXPECT_EQ(name(symbols.function(0x1040)), "new:[unknown]+64") << "it was not named";
    EXPECT_EQ(symbols.function(0x2040)->function, "beside_free");
    EXPECT_EQ(symbols.function(0x1048)->function, "kernel_proper");
    EXPECT_EQ(symbols.function(0x1050)->function, "new_read");
    symbols.now(60);
    symbols.laid_out(coming("last", 0x1800));
    EXPECT_EQ(symbols.function(0x1050)->function, "new_read") << "it lies before";
    EXPECT_EQ(name(symbols.function(0x2040)), "last:[unknown]+2112");
}

TEST(Symbols, ANameThatIsNewerThanAFollowedModuleReplacesIt) {
    const Metadata metadata = two_modules();
    Symbols symbols(metadata, {named(0x1040, "demo_free", "rcu_demo", 10), named(0x1040, "next", "stranger", 50)});
    symbols.now(11);
    symbols.placed(put("rcu_demo", ".text", 0x1000));
    EXPECT_EQ(name(symbols.function(0x1048)), "rcu_demo:demo_free+8");
    symbols.now(50);
    EXPECT_EQ(name(symbols.function(0x1040)), "stranger:next+0");
}

// Captures of older versions have names without times.
TEST(Symbols, WithoutTimesTheModuleThatLiesThereTells) {
    const Metadata metadata;
    Symbols symbols(metadata,
                    {named(0x1040, "old_free", "old", std::nullopt), named(0x1040, "new_free", "new", std::nullopt),
                     named(0x5000, "first_init", "first", std::nullopt),
                     named(0x5000, "second_init", "second", std::nullopt)});
    symbols.now(10);
    EXPECT_EQ(symbols.function(0x1040)->function, "old_free");
    symbols.laid_out(coming("first", 0x8000));
    EXPECT_EQ(symbols.function(0x5000)->function, "first_init") << "init sections lie elsewhere";
    symbols.now(20);
    symbols.laid_out(coming("second", 0x9000));
    EXPECT_EQ(symbols.function(0x5000)->function, "second_init");
    symbols.now(30);
    symbols.laid_out(coming("new", 0x1000));
    EXPECT_EQ(symbols.function(0x1040)->function, "new_free");
    symbols.now(40);
    symbols.laid_out(coming("old", 0x1000));
    EXPECT_EQ(symbols.function(0x1040)->function, "old_free");
}

// Two modules are loaded one after the other at the same address. Facts about one must not be attributed to the
// other.
TEST(Symbols, TheTimelineNamesEachAsOfItsTime) {
    Scenario scenario;
    const std::uint64_t since = Scenario::absolute(50);
    for (const auto& [address, kind] : {std::pair{0x1040U, "free"}, {0x1080U, "caller"}}) {
        scenario.symbols.push_back(named(address, std::string("old_") + kind, "old", 0));
        scenario.symbols.push_back(named(address, std::string("new_") + kind, "new", since));
    }
    const auto queue = [&](Nanoseconds at, std::uint64_t head) {
        scenario.at(at, event::Stack{{0x1080, 0x1040}})
            .at(at, event::CbQueued{.head = head, .func = 0x1040, .caller = 0x1080});
    };
    const auto sample = [&](Nanoseconds at) {
        scenario.at(at, event::WaitBegin{.caller = 0x1080}).at(at + 1, event::WaitEnd{});
    };
    queue(10, 1);
    sample(20);
    scenario.at(50, coming("new", 0x1000));
    queue(60, 2);
    sample(70);
    scenario.invoke(80, 1, 0x1040).done(81, 1).invoke(82, 2, 0x1040).done(83, 2);

    const Timeline timeline = scenario.complete(99);

    ASSERT_EQ(timeline.callbacks.size(), 2U);
    EXPECT_EQ(name(timeline.callbacks.at(0).function), "old:old_free+0") << "though it ran where the new one is";
    EXPECT_EQ(timeline.callbacks.at(0).invoked, 80);
    EXPECT_EQ(name(timeline.callbacks.at(0).caller), "old:old_caller+0");
    EXPECT_EQ(name(timeline.callbacks.at(1).function), "new:new_free+0");
    EXPECT_EQ(name(timeline.callbacks.at(1).caller), "new:new_caller+0");
    ASSERT_EQ(timeline.stacks.size(), 2U);
    EXPECT_EQ(name(timeline.stacks[0][1]), "old:old_free+0");
    EXPECT_EQ(name(timeline.stacks[1][1]), "new:new_free+0");
    ASSERT_EQ(timeline.waits.size(), 2U);
    EXPECT_EQ(name(timeline.waits.at(0).caller), "old:old_caller+0");
    EXPECT_EQ(name(timeline.waits.at(1).caller), "new:new_caller+0");
}

// The file of a flight recorder may begin after the load of a module, and a chunk with that event may be lost.
TEST(Symbols, ATimeAloneChangesTheNameOfAStack) {
    Scenario scenario;
    scenario.symbols = {named(0x1080, "old_caller", "old", 0),
                        named(0x1080, "new_caller", "new", Scenario::absolute(50))};
    for (const Nanoseconds at : {40, 60})
        scenario.at(at, event::Stack{{0x1080}}).at(at, event::KvfreeRcu{.object = 1, .caller = 0x1080});
    const Timeline timeline = scenario.complete(99);
    ASSERT_EQ(timeline.stacks.size(), 2U);
    EXPECT_EQ(timeline.stacks[0][0].function, "old_caller");
    EXPECT_EQ(timeline.stacks[1][0].function, "new_caller");
}

TEST(Symbols, ACallbackIsNamedAsOfWhenItWasQueued) {
    Scenario scenario;
    scenario.metadata.modules = two_modules().modules;
    scenario.at(1, put("rcu_demo", ".text", 0x1000)).queue(2, 1, 0x1040);
    scenario.at(3, put("rcu_other", ".text", 0x1000)).queue(4, 2, 0x1040);

    const Timeline timeline = scenario.complete(99);

    EXPECT_EQ(name(timeline.callbacks.at(0).function), "rcu_demo:demo_free+0");
    EXPECT_EQ(name(timeline.callbacks.at(1).function), "rcu_other:demo_free+0");
}

// A stripped .ko keeps the symbols that its relocations need.
TEST(Symbols, CodeWithoutASymbolIsTheModulesAllTheSame) {
    Metadata metadata;
    ModuleInfo& module = metadata.modules.emplace_back();
    module.name = "stripped";
    module.functions = {{.name = "init_module", .section = ".init.text", .offset = 0, .size = 0x20}};
    module.sections = {{{.name = ".text", .size = 0x100}, {.name = ".init.text", .size = 0x40}}};
    Symbols symbols(metadata, {named(0x1040, "near_by", "stripped", 0)});
    symbols.placed(put("stripped", ".text", 0x1000));
    symbols.placed(put("stripped", ".init.text", 0x2000));

    EXPECT_EQ(location_name(symbols.function(0x1040), false), "stripped:.text+0x40");
    EXPECT_EQ(location_name(symbols.caller(0x1045), true), "stripped:.text+0x45");
    EXPECT_FALSE(symbols.function(0x1040)->in_init);
    EXPECT_FALSE(symbols.function(0x1100)->known() && !symbols.function(0x1100)->function.empty()) << "beyond its end";
    EXPECT_EQ(name(symbols.function(0x2000)), "stripped:init_module+0");
    EXPECT_TRUE(symbols.function(0x2000)->in_init);
    EXPECT_EQ(location_name(symbols.function(0x2020), false), "stripped:.init.text+0x20");
    EXPECT_TRUE(symbols.function(0x2020)->in_init);
}

} // namespace
} // namespace rcuscope::test
