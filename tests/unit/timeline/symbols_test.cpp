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

std::string name(const CodePlace& place) {
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
    EXPECT_EQ(symbols.function(0x1000)->module, "");
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

} // namespace
} // namespace rcuscope::test
