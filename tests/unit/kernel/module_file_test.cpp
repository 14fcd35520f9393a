// SPDX-License-Identifier: BSD-2-Clause
#include "kernel/module_file.hpp"

#include <cstddef>
#include <cstring>
#include <elf.h>
#include <gmock/gmock.h>
#include <random>

#include "base/file.hpp"
#include "temp_dir.hpp"

namespace rcuscope::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string sample(const std::string& name) {
    return RCUSCOPE_SAMPLES_DIR "/" + name;
}

// The contents of sample_module.S.
ModuleFile sample_module() {
    auto read = read_module_file(sample("sample_module.ko"));
    EXPECT_TRUE(read) << read.error().why;
    return read.value_or(ModuleFile{});
}

std::string why_not(const std::string& path) {
    const auto read = read_module_file(path);
    if (read)
        return "it was read";
    EXPECT_EQ(read.error().code, ExitCode::bad_input);
    EXPECT_THAT(read.error().what, HasSubstr(path));
    return read.error().why;
}

// "unlock sample_read+11"
std::vector<std::string> words_of(const std::vector<KoReadSite>& sites) {
    std::vector<std::string> words;
    words.reserve(sites.size());
    for (const KoReadSite& site : sites)
        words.push_back((site.lock ? "lock " : "unlock ") + site.function + "+" + std::to_string(site.offset));
    return words;
}

// ".text:16 sample_read, 17 bytes"
std::vector<std::string> words_of(const std::vector<KoFunction>& functions) {
    std::vector<std::string> words;
    words.reserve(functions.size());
    for (const KoFunction& function : functions)
        words.push_back(function.section + ":" + std::to_string(function.offset) + " " + function.name + ", " +
                        std::to_string(function.size) + " bytes");
    return words;
}

// Reports imports of SRCU and the like, but not RCU's own functions.
TEST(ModuleFile, KnowsWhatItUsesThatIsNotFollowed) {
    EXPECT_THAT(sample_module().not_followed, ElementsAre("call_srcu()", "percpu_ref_kill()"));
}

TEST(ModuleFile, KnowsWhyAFunctionIsNotrace) {
    KoFunction function{.name = "f", .section = ".exit.text", .notrace = true};
    EXPECT_STREQ(function.why_unseen(), "it is notrace");
    EXPECT_STREQ(function.why_notrace(), "__exit implies it");
    function.section = ".noinstr.text";
    EXPECT_STREQ(function.why_notrace(), "noinstr implies it");
    function.section = ".text.unlikely";
    EXPECT_STREQ(function.why_notrace(), "marked notrace or inline, or written in assembly");
}

TEST(ModuleFile, SaysWhatItIs) {
    const ModuleFile module = sample_module();
    EXPECT_EQ(module.path, sample("sample_module.ko"));
    EXPECT_EQ(module.name, "sample_module");
    EXPECT_EQ(module.release, "6.1.0-test-amd64");
    EXPECT_EQ(module.build_id, "00017f80feff102030405060708090a0b0c0d0e0");
}

// Kprobe events refuse functions that ftrace cannot trace. A split-off part counts as its function.
TEST(ModuleFile, KnowsWhatCannotBeProbed) {
    const auto module = read_module_file(sample("traced_module.ko"));
    ASSERT_TRUE(module) << module.error().why;
    std::vector<std::string> notrace;
    for (const KoFunction& function : module->functions)
        if (function.notrace)
            notrace.push_back(function.name);
    EXPECT_THAT(notrace, ElementsAre("sample_tail.isra.0", "sample_conditional", "sample_address", "sample_exit"));
    EXPECT_THAT(words_of(module->read_sites),
                ElementsAre("lock sample_read+5", "unlock sample_read+11", "unlock sample_read.cold+2",
                            "lock sample_init+0", "unlock sample_init+5"));
    EXPECT_EQ(module->unusable_sites, sample_module().unusable_sites + 2);
}

std::vector<std::string> words_of(const std::vector<UnseenFunction>& functions) {
    std::vector<std::string> words;
    words.reserve(functions.size());
    for (const UnseenFunction& function : functions)
        words.push_back(function.name + ": " + function.why);
    return words;
}

std::vector<std::string> unsafe_entries(const ModuleFile& module) {
    std::vector<std::string> unsafe;
    for (const KoFunction& function : module.functions)
        if (function.unsafe)
            unsafe.push_back(function.name);
    return unsafe;
}

// See kernel/code_memory.hpp: the init code ends at an odd address, and its last function has a section.
TEST(ModuleFile, WhereAProbeCouldKillTheKernelThereIsNone) {
    const auto module = read_module_file(sample("odd_module.ko"));
    ASSERT_TRUE(module) << module.error().why;
    EXPECT_THAT(words_of(module->unseen_readers),
                ElementsAre(HasSubstr("sample_init: a probe there can make the kernel read beyond")));
    EXPECT_THAT(words_of(module->read_sites),
                ElementsAre("lock sample_read+5", "unlock sample_read+11", "unlock sample_read.cold+2"));
    // A probe at the entry of sample_init is based on ftrace. sample_exit has no ftrace location and is last in the
    // core code.
    EXPECT_THAT(unsafe_entries(*module), ElementsAre("sample_exit"));

    const auto even = read_module_file(sample("traced_module.ko"));
    ASSERT_TRUE(even) << even.error().why;
    EXPECT_THAT(even->unseen_readers, testing::IsEmpty());
}

// Without mod_unload in vermagic the exit code is behind the init code. Then the last function in the core's memory
// ends at an odd address and is a part of sample_read: one part may close a section that the other opens.
TEST(ModuleFile, WhereTheExitCodeLiesIsTheKernels) {
    const auto module = read_module_file(sample("odd_exit_module.ko"));
    ASSERT_TRUE(module) << module.error().why;
    EXPECT_THAT(words_of(module->unseen_readers),
                ElementsAre(HasSubstr("sample_read: "), HasSubstr("sample_read.cold: ")));
    EXPECT_THAT(words_of(module->read_sites), ElementsAre("lock sample_init+0", "unlock sample_init+5"));
}

// The kernel accepts such probes before the module is loaded, and drops them at the load without an error.
TEST(ModuleFile, WhatIsClosedToKprobesIsKnown) {
    const auto module = read_module_file(sample("no_kprobes.ko"));
    ASSERT_TRUE(module) << module.error().why;
    std::vector<std::string> closed;
    for (const KoFunction& function : module->functions)
        if (function.no_kprobe)
            closed.push_back(function.name);
    EXPECT_THAT(closed, testing::UnorderedElementsAre("sample_read", "sample_kprobes_text"));
    EXPECT_THAT(words_of(module->read_sites), ElementsAre("lock sample_init+0", "unlock sample_init+5"));
    EXPECT_THAT(words_of(module->unseen_readers),
                ElementsAre("sample_read: its module forbids kprobes in it (NOKPROBE_SYMBOL)",
                            HasSubstr("sample_read.cold: ")));
}

// A recording identifies a section by the first 31 characters of its name.
TEST(ModuleFile, SectionsOfOneNameHaveNoFunctions) {
    const auto module = read_module_file(sample("long_names.ko"));
    ASSERT_TRUE(module) << module.error().why;
    EXPECT_THAT(words_of(module->functions),
                testing::Contains(".text.this_name_has_more_than_3:0 sample_long, 11 bytes"));
    EXPECT_THAT(words_of(module->functions), testing::Not(testing::Contains(HasSubstr("sample_shared"))));
    EXPECT_EQ(module->unusable_sites, sample_module().unusable_sites + 4);
}

// The kernel takes a label within a function for another function, which ftrace cannot trace.
TEST(ModuleFile, ALabelBeforeAPlaceHidesItsFunction) {
    const auto module = read_module_file(sample("labelled_module.ko"));
    ASSERT_TRUE(module) << module.error().why;
    EXPECT_THAT(words_of(module->unseen_readers),
                ElementsAre(HasSubstr("sample_read: the kernel finds its instructions by another symbol"),
                            HasSubstr("sample_read.cold: ")));
    EXPECT_THAT(words_of(module->read_sites), ElementsAre("lock sample_init+0", "unlock sample_init+5"));
}

TEST(ModuleFile, WithoutFtraceNothingIsKnownToBeRefused) {
    for (const KoFunction& function : sample_module().functions)
        EXPECT_FALSE(function.notrace) << function.name;
}

TEST(ModuleFile, FunctionsAreThoseOfKallsyms) {
    EXPECT_THAT(words_of(sample_module().functions),
                ElementsAre(".text:16 sample_read, 17 bytes", ".text:48 sample_tail.isra.0, 12 bytes",
                            ".text:64 sample_conditional, 9 bytes", ".text:80 sample_address, 18 bytes",
                            ".text.unlikely:0 sample_read.cold, 7 bytes", ".init.text:0 sample_init, 13 bytes",
                            ".exit.text:0 sample_exit, 1 bytes"));
}

TEST(ModuleFile, PartsThatWereSplitOffCannotBeEntered) {
    for (const KoFunction& function : sample_module().functions)
        EXPECT_EQ(function.can_be_entered, function.name != "sample_read.cold") << function.name;
}

TEST(ModuleFile, InitAndExitGoByTheirOwnNames) {
    const ModuleFile module = sample_module();
    EXPECT_EQ(module.init_function, "sample_init");
    EXPECT_EQ(module.exit_function, "sample_exit");
}

TEST(ModuleFile, SitesAreCallsAndJumpsAtAFunctionsEnd) {
    EXPECT_THAT(words_of(sample_module().read_sites),
                ElementsAre("lock sample_read+5", "unlock sample_read+11", "lock sample_tail.isra.0+0",
                            "unlock sample_tail.isra.0+7", "unlock sample_read.cold+2", "lock sample_init+0",
                            "unlock sample_init+5"));
}

TEST(ModuleFile, OtherReferencesInCodeAreCounted) {
    const ModuleFile module = sample_module();
    EXPECT_EQ(module.unusable_sites, 4u); // je, lea, movabs, and a call outside of every function
    EXPECT_EQ(module.unusable_example, ".text+68: neither a call nor a jump");
}

// A probe is placed by the name of its function: of two functions with that name the kernel would take one.
TEST(ModuleFile, SitesInFunctionsOfOneNameAreUnusable) {
    const auto twins = read_module_file(sample("twins.ko"));
    ASSERT_TRUE(twins) << twins.error().why;
    EXPECT_EQ(twins->functions.size(), 2u);
    EXPECT_THAT(twins->read_sites, testing::IsEmpty());
    EXPECT_EQ(twins->unusable_sites, 2u);
    EXPECT_EQ(twins->unusable_example, ".text+3: twin is the name of several functions");
    for (const KoFunction& twin : twins->functions)
        EXPECT_STREQ(twin.why_unseen(), "several functions have that name");
}

TEST(ModuleFile, WhatItDoesNotHaveIsEmpty) {
    const auto twins = read_module_file(sample("twins.ko"));
    ASSERT_TRUE(twins) << twins.error().why;
    EXPECT_EQ(twins->release, "6.12.0"); // vermagic has only this word
    EXPECT_EQ(twins->build_id, "");
    EXPECT_EQ(twins->init_function, "");
    EXPECT_EQ(twins->exit_function, "");
}

TEST(ModuleFileErrors, NotAModule) {
    const TempDir dir;
    EXPECT_EQ(why_not(dir.file("missing.ko")), "No such file or directory");
    EXPECT_EQ(why_not(dir.write("empty.ko", "")), "it is not an ELF file");
    EXPECT_EQ(why_not(dir.write("text.ko", "obj-m := demo.o\n")), "it is not an ELF file");
    EXPECT_EQ(why_not(dir.path()), "it is not an ELF file");
    EXPECT_EQ(why_not("/proc/self/exe"), "it is not a relocatable x86-64 object");
    EXPECT_EQ(why_not(sample("no_modinfo.ko")), "it has no module information (.modinfo)");
}

TEST(ModuleFileErrors, OfAnotherMachine) {
    const TempDir dir;
    std::string bytes = read_file(sample("sample_module.ko")).value_or("");
    bytes.at(offsetof(Elf64_Ehdr, e_machine)) = static_cast<char>(EM_AARCH64);
    EXPECT_EQ(why_not(dir.write("arm.ko", bytes)), "it is not a relocatable x86-64 object");
}

// The reader must report an error for a damaged file and must not read outside of it.
TEST(ModuleFileDamage, CutAnywhere) {
    const TempDir dir;
    const std::string whole = read_file(sample("sample_module.ko")).value_or("");
    ASSERT_FALSE(whole.empty());
    for (std::size_t size = 0; size < whole.size(); size += 97) {
        const auto read = read_module_file(dir.write("cut.ko", whole.substr(0, size)));
        EXPECT_FALSE(read) << size; // the section headers are at the end
    }
}

TEST(ModuleFileDamage, BytesChangedAnywhere) {
    const TempDir dir;
    const std::string whole = read_file(sample("sample_module.ko")).value_or("");
    std::mt19937 random(1);
    std::uniform_int_distribution<std::size_t> place(sizeof(Elf64_Ehdr), whole.size() - 1);
    for (int i = 0; i < 150; i++) {
        std::string bytes = whole;
        for (int change = 0; change < 4; change++)
            bytes[place(random)] = static_cast<char>(random());
        const auto read = read_module_file(dir.write("changed.ko", bytes));
        for (const KoReadSite& site : read ? read->read_sites : std::vector<KoReadSite>())
            EXPECT_FALSE(site.function.empty());
    }
}

// Each 32-bit word of the section headers is set to its maximum: sizes, offsets, links and indices out of range.
TEST(ModuleFileDamage, TableOfSectionsOutOfRange) {
    const TempDir dir;
    const std::string whole = read_file(sample("sample_module.ko")).value_or("");
    Elf64_Ehdr header;
    ASSERT_GE(whole.size(), sizeof(header));
    std::memcpy(&header, whole.data(), sizeof(header));
    for (std::size_t at = header.e_shoff; at + 4 <= whole.size(); at += 4) {
        std::string bytes = whole;
        bytes.replace(at, 4, "\xff\xff\xff\xff");
        const auto read = read_module_file(dir.write("changed.ko", bytes));
        EXPECT_TRUE(!read || !read->name.empty());
    }
}

// "init:27 call": memory, offset and kind of instruction.
std::string words_of(const ProbedCode& code) {
    const std::map<std::uint16_t, std::string> known{
        {0xe8, "call"}, {0xe9, "jump"}, {ProbedCode::of_ftrace, "ftrace"}, {ProbedCode::of_return, "return"}};
    const auto what = known.find(code.opcode);
    return (code.init ? "init:" : "core:") + std::to_string(code.place) + " " +
           (what == known.end() ? "other" : what->second);
}

TEST(ModuleFile, KnowsWhereProbesLieAndWhatIsThere) {
    const auto module = read_module_file(sample("traced_module.ko"));
    ASSERT_TRUE(module) << module.error().why;
    std::vector<std::string> sites;
    for (const KoReadSite& site : module->read_sites)
        sites.push_back(site.function + " " + words_of(site.code));
    // .text has 117 bytes, and .text.unlikely is aligned to 16.
    EXPECT_THAT(sites, testing::IsSupersetOf<std::string>({"sample_read core:21 call", "sample_read core:27 call",
                                                           "sample_read.cold core:130 jump", "sample_init init:0 call",
                                                           "sample_init init:5 call"}));
    for (const KoFunction& function : module->functions)
        if (function.name == "sample_read")
            EXPECT_EQ(words_of(function.entry.value()), "core:16 ftrace");

    const auto jumps = read_module_file(sample("sample_jumps.ko"));
    ASSERT_TRUE(jumps) << jumps.error().why;
    EXPECT_THAT(words_of(jumps->jumps.at(0).code), testing::EndsWith(" jump"));
}

// The kernel decodes to the end of a memory only for a probe in the last function.
TEST(ModuleFile, KnowsForWhatTheKernelDecodesToTheEnd) {
    const auto module = read_module_file(sample("traced_module.ko"));
    ASSERT_TRUE(module) << module.error().why;
    for (const KoReadSite& site : module->read_sites) {
        const bool last = site.function == "sample_init";
        ASSERT_EQ(site.code.decoded.has_value(), last) << site.function;
        if (last)
            EXPECT_EQ(*site.code.decoded, (CodeRange{0, 4096}));
    }
}

TEST(ModuleFile, JumpsForCallsAreNamedByTheirFunctions) {
    const auto module = read_module_file(sample("sample_jumps.ko"));
    ASSERT_TRUE(module) << module.error().why;
    ASSERT_EQ(module->jumps.size(), 3u);
    EXPECT_EQ(module->jumps[0].function, "jumps_free");
    EXPECT_EQ(module->jumps[0].offset, 5u);
    EXPECT_EQ(module->jumps[0].target, "call_rcu");
    EXPECT_EQ(module->jumps[0].why_unseen, "");
    EXPECT_EQ(module->jumps[1].function, "");
    EXPECT_EQ(module->jumps[1].target, "kvfree_call_rcu");
    EXPECT_THAT(module->jumps[1].why_unseen, HasSubstr("no function"));
    EXPECT_EQ(module->jumps[2].function, "jumps_exit");
    EXPECT_EQ(module->jumps[2].offset, 6u);
    EXPECT_THAT(module->jumps[2].why_unseen, HasSubstr("notrace"));
    EXPECT_EQ(module->code_sections.size(), 3u);
}

// "places_two: 11; 13 18 jumps"
std::string words_of_places(const KoFunction& function) {
    std::string words = function.name + ":";
    if (!function.places)
        return words;
    words += " " + std::to_string(function.places->entry) + ";";
    for (const std::uint64_t leave : function.places->leaves)
        words += " " + std::to_string(leave);
    return function.places->jumps_away ? words + " jumps" : words;
}

TEST(ModuleFile, CallsAreSeenAtPlacesWhereTheCodeIsCertain) {
    const auto module = read_module_file(sample("sample_places.ko"));
    ASSERT_TRUE(module) << module.error().why;
    std::vector<std::string> places;
    std::vector<std::string> unsure;
    for (const KoFunction& function : module->functions)
        (function.name.starts_with("places_") && function.can_be_entered ? places : unsure)
            .push_back(words_of_places(function));
    EXPECT_THAT(places, testing::UnorderedElementsAre("places_plain: 9; 15", "places_two: 11; 13 18 jumps",
                                                      "places_reads: 6; 12 jumps", "places_straight: 7; 7",
                                                      "places_empty: 5; 5", "places_split: 7; 13", "places_forever: 5;",
                                                      "places_exit:"));
    EXPECT_EQ(unsure.size(), 14u);
    EXPECT_THAT(unsure, testing::Each(testing::EndsWith(":")));
}

// The kernel may have replaced a jump to its return thunk by a return.
TEST(ModuleFile, KnowsWhatIsAtTheFunctionsPlaces) {
    const auto module = read_module_file(sample("sample_places.ko"));
    ASSERT_TRUE(module) << module.error().why;
    std::map<std::string, std::vector<std::string>> codes;
    for (const KoFunction& function : module->functions)
        for (const ProbedCode& code : function.code_of_places)
            codes[function.name].push_back(words_of(code).substr(words_of(code).find(' ') + 1));
    EXPECT_THAT(codes["places_two"], ElementsAre("other", "jump", "other"));
    EXPECT_THAT(codes["places_reads"], ElementsAre("call", "jump"));
    EXPECT_THAT(codes["places_straight"], ElementsAre("return", "return"));
}

// This depends on CONFIG_PREEMPTION, which vermagic shows.
TEST(ModuleFile, ThereAreNoPlacesWhereTheKernelDoesNotEmulateReturns) {
    const auto module = read_module_file(sample("voluntary_places.ko"));
    ASSERT_TRUE(module) << module.error().why;
    for (const KoFunction& function : module->functions)
        EXPECT_FALSE(function.places) << function.name;
}

} // namespace
} // namespace rcuscope::test
