// SPDX-License-Identifier: BSD-2-Clause
#include "kernel/kallsyms.hpp"

#include <gmock/gmock.h>

#include "temp_dir.hpp"

namespace rcuscope::test {
namespace {

using testing::ElementsAre;

constexpr const char* a_kernel = "0000000000000000 A fixed_percpu_data\n"
                                 "000000000002e000 A rcu_data\n"
                                 "ffffffff81000000 T _stext\n"
                                 "ffffffff81000000 T _text\n"
                                 "ffffffff81100010 T synchronize_rcu\n"
                                 "ffffffff81100000 t __pfx_synchronize_rcu\n"
                                 "ffffffff81200000 t rcu_gp_init.cold\n"
                                 "ffffffff81200040 t rcu_gp_cleanup.part.0\n"
                                 "ffffffff81200080 W arch_thing\n"
                                 "ffffffff82000000 d rcu_state\n"
                                 "ffffffff82000100 D call_rcu_table\n"
                                 "ffffffffc0001000 t hz_read.isra.0\t[rcuhazard]\n"
                                 "ffffffffc0001040 T call_rcu\t[strange]\n"
                                 "ffffffffc0003000 d hz_table\t[rcuhazard]\n";

// "rcuhazard:hz_read.isra.0+0x4"; empty: unknown.
std::string place(const Kallsyms& symbols, std::uint64_t address) {
    const auto found = symbols.place_of(address);
    if (!found)
        return "";
    std::string text = found->module.empty() ? "" : found->module + ":";
    return text + found->function + "+" + std::to_string(found->offset);
}

TEST(Kallsyms, PlaceOfAnAddress) {
    const Kallsyms symbols = Kallsyms::parse(a_kernel);
    EXPECT_EQ(place(symbols, 0xffffffff81100010), "synchronize_rcu+0");
    EXPECT_EQ(place(symbols, 0xffffffff81100030), "synchronize_rcu+32");
    EXPECT_EQ(place(symbols, 0xffffffff8110000f), "__pfx_synchronize_rcu+15");
    EXPECT_EQ(place(symbols, 0xffffffff81200004), "rcu_gp_init.cold+4");
    EXPECT_EQ(place(symbols, 0xffffffff81200040), "rcu_gp_cleanup.part.0+0");
    EXPECT_EQ(place(symbols, 0xffffffff81200088), "arch_thing+8");
    EXPECT_EQ(place(symbols, 0xffffffffc0001004), "rcuhazard:hz_read.isra.0+4");
}

TEST(Kallsyms, CodeReachesToTheNextFunction) {
    const Kallsyms symbols = Kallsyms::parse(a_kernel);
    EXPECT_EQ(symbols.code_of("synchronize_rcu").address, 0xffffffff81100010);
    EXPECT_EQ(symbols.code_of("synchronize_rcu").size, 0xffff0u);
    EXPECT_EQ(symbols.code_of("_text").size, 0x100000u);
    for (const char* name : {"arch_thing", "call_rcu", "rcu_state", "nowhere"}) // the last symbol, and missing ones
        EXPECT_EQ(symbols.code_of(name).size, 0u) << name;
}

TEST(Kallsyms, CodeOfAFunctionThatTheCompilerHasCloned) {
    const Kallsyms symbols = Kallsyms::parse("ffffffff81000000 t __call_rcu_common.constprop.0\n"
                                             "ffffffff81000100 t rcu_barrier.part.0\n"
                                             "ffffffff81000200 t delete_module.isra.0\n"
                                             "ffffffff81000300 t delete_module\n"
                                             "ffffffff81000400 t end\n");
    EXPECT_EQ(symbols.code_of("__call_rcu_common").address, 0xffffffff81000000);
    EXPECT_EQ(symbols.code_of("__call_rcu_common").size, 0x100u);
    EXPECT_EQ(symbols.code_of("rcu_barrier").size, 0u) << "a part is not the function";
    EXPECT_EQ(symbols.code_of("delete_module").address, 0xffffffff81000300);
}

TEST(Kallsyms, OfSeveralNamesOfAPlaceTheFirstWins) {
    const Kallsyms symbols = Kallsyms::parse(a_kernel);
    EXPECT_EQ(place(symbols, 0xffffffff81000000), "_stext+0");
    EXPECT_EQ(place(symbols, 0xffffffff81000001), "_stext+1");
}

TEST(Kallsyms, AnAddressFarFromEveryFunctionHasNoPlace) {
    const Kallsyms symbols = Kallsyms::parse(a_kernel);
    EXPECT_EQ(place(symbols, 0), "");
    EXPECT_EQ(place(symbols, 0xffffffff80ffffff), "");
    EXPECT_EQ(place(symbols, 0xffffffff90000000), "");
    EXPECT_EQ(place(symbols, UINT64_MAX), "");
    EXPECT_EQ(place(Kallsyms::parse(""), 0xffffffff81000000), "");
}

TEST(Kallsyms, DataIsNeverAFunction) {
    const Kallsyms symbols = Kallsyms::parse(a_kernel);
    EXPECT_EQ(place(symbols, 0xffffffff82000000), "");
    EXPECT_FALSE(symbols.has_function("rcu_state"));
    EXPECT_FALSE(symbols.has_function("call_rcu_table"));
}

TEST(Kallsyms, AddressesAreOfTheKernelProperOnly) {
    const Kallsyms symbols = Kallsyms::parse(a_kernel);
    EXPECT_EQ(symbols.address_of("rcu_state"), 0xffffffff82000000);
    EXPECT_EQ(symbols.address_of("rcu_data"), 0x2e000u); // an offset, because it is per-CPU
    EXPECT_EQ(symbols.address_of("synchronize_rcu"), 0xffffffff81100010);
    EXPECT_EQ(symbols.address_of("hz_table"), std::nullopt);
    EXPECT_EQ(symbols.address_of("rcu_stat"), std::nullopt);
    EXPECT_EQ(symbols.address_of(""), std::nullopt);
}

TEST(Kallsyms, FunctionsByTheirExactNames) {
    const Kallsyms symbols = Kallsyms::parse(a_kernel);
    EXPECT_TRUE(symbols.has_function("synchronize_rcu"));
    EXPECT_TRUE(symbols.has_function("arch_thing"));
    EXPECT_TRUE(symbols.has_function("rcu_gp_init.cold"));
    EXPECT_FALSE(symbols.has_function("rcu_gp_init"));
    EXPECT_FALSE(symbols.has_function("rcu_gp_cleanup"));
    EXPECT_FALSE(symbols.has_function("synchronize_rcu_expedited"));
    EXPECT_FALSE(symbols.has_function("call_rcu")) << "a module's function of that name";
}

TEST(Kallsyms, FunctionsAmongMany) {
    const Kallsyms symbols = Kallsyms::parse(a_kernel);
    EXPECT_THAT(symbols.functions_among({"synchronize_rcu", "call_rcu", "rcu_state", "rcu_gp_init", "arch_thing"}),
                ElementsAre("arch_thing", "synchronize_rcu"));
    EXPECT_THAT(symbols.functions_among({}), testing::IsEmpty());
}

TEST(Kallsyms, LinesThatAreNoSymbolsArePassedOver) {
    const Kallsyms symbols = Kallsyms::parse("\n \nhello\nffffffff81000000\nffffffff81000000 T\nffffffff81000000 T \n"
                                             "ffffffff81000000Tname\n123456789012345678 T too_large\n-1 T negative\n"
                                             "0xffffffff81000000 T prefixed\nffffffff81000010 T good\n"
                                             "ffffffff81000020 T cut_off");
    EXPECT_EQ(place(symbols, 0xffffffff81000000), "");
    EXPECT_EQ(place(symbols, 0xffffffff81000010), "good+0");
    EXPECT_EQ(place(symbols, 0xffffffff81000020), "cut_off+0");
    EXPECT_FALSE(symbols.has_function("too_large"));
    EXPECT_FALSE(symbols.has_function("negative"));
}

TEST(Kallsyms, OddModules) {
    const Kallsyms symbols = Kallsyms::parse("1000 t bpf_prog_6deef7357e7b4530\t[bpf]\n"
                                             "2000 t empty\t[]\n"
                                             "3000 t open\t[demo\n"
                                             "4000 t bare\tdemo\n");
    EXPECT_EQ(place(symbols, 0x1000), "bpf:bpf_prog_6deef7357e7b4530+0");
    EXPECT_EQ(place(symbols, 0x2000), "empty+0");
    EXPECT_EQ(place(symbols, 0x3000), "open+0");
    EXPECT_EQ(place(symbols, 0x4000), "bare+0");
}

TEST(Kallsyms, AHugeLine) {
    const std::string name(1 << 20, 'x');
    const Kallsyms symbols = Kallsyms::parse("1000 T " + name + "\n2000 T next\n");
    EXPECT_TRUE(symbols.has_function(name));
    EXPECT_EQ(place(symbols, 0x2000), "next+0");
}

TEST(Kallsyms, SurvivesBeingMoved) {
    Kallsyms symbols = Kallsyms::parse("1 t a\n"); // short enough for the string's inline buffer
    const Kallsyms moved = std::move(symbols);
    EXPECT_TRUE(moved.has_function("a"));
}

TEST(KallsymsFile, IsRead) {
    const TempDir dir;
    const auto symbols = Kallsyms::read(dir.write("kallsyms", a_kernel));
    ASSERT_TRUE(symbols) << symbols.error().why;
    EXPECT_TRUE(symbols->has_function("synchronize_rcu"));
}

TEST(KallsymsFile, HiddenAddressesAreAnError) {
    const TempDir dir;
    for (const char* text : {"0000000000000000 T _text\n0000000000000000 T call_rcu\t[m]\n", ""}) {
        const auto symbols = Kallsyms::read(dir.write("kallsyms", text));
        ASSERT_FALSE(symbols);
        EXPECT_EQ(symbols.error().code, ExitCode::cannot_here);
        EXPECT_THAT(symbols.error().hint, testing::HasSubstr("kptr_restrict"));
    }
}

TEST(KallsymsFile, AMissingOneIsAnError) {
    const auto symbols = Kallsyms::read("/nonexistent/kallsyms");
    ASSERT_FALSE(symbols);
    EXPECT_EQ(symbols.error().what, "cannot read /nonexistent/kallsyms");
}

} // namespace
} // namespace rcuscope::test
