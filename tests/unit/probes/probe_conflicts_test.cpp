// SPDX-License-Identifier: BSD-2-Clause
//
// Tests the exclusion of sites that the kernel could confuse with other sites.
#include "probes/probe_conflicts.hpp"

#include <gmock/gmock.h>

namespace rcuscope::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::uint16_t call = 0xe8;
constexpr std::uint16_t jump = 0xe9;
constexpr std::uint64_t page = 4096;

ModuleFile module_named(const std::string& name) {
    ModuleFile module;
    module.name = name;
    return module;
}

ProbedCode code_at(std::uint64_t place, std::uint16_t opcode) {
    return {false, place, opcode, {}};
}

ProbedCode decoded_at(std::uint64_t place, CodeRange range) {
    return {false, place, call, range};
}

KoReadSite site(const std::string& function, const ProbedCode& code) {
    return {code.opcode == call, function, 0, code};
}

KoFunction function_at(const std::string& name, std::uint64_t place) {
    KoFunction function{name, ".text", place, 16};
    function.entry = code_at(place, ProbedCode::of_ftrace);
    return function;
}

std::vector<ModuleFile> without_conflicts(std::vector<ModuleFile> modules, const ReaderFunctions& readers = {}) {
    leave_out_conflicts(modules, {"*"}, readers);
    return modules;
}

std::vector<std::string> read_in(const ModuleFile& module) {
    std::vector<std::string> functions;
    for (const KoReadSite& left : module.read_sites)
        functions.push_back(left.function);
    return functions;
}

TEST(PlaceConflicts, AJumpIsNotProbedWhereTheTableMayHaveACall) {
    ModuleFile first = module_named("first");
    first.read_sites = {site("read", code_at(page + 0x80, call))};
    ModuleFile second = module_named("second");
    second.read_sites = {site("tail", code_at(0x80, jump)), site("tail.cold", code_at(0x200, call)),
                         site("other", code_at(0x84, jump))};
    const auto left = without_conflicts({first, second});
    EXPECT_THAT(read_in(left[0]), ElementsAre("read"));
    EXPECT_THAT(read_in(left[1]), ElementsAre("other")) << "what one part opens, another closes";
    ASSERT_EQ(left[1].unseen_readers.size(), 2u);
    EXPECT_EQ(left[1].unseen_readers[0].name, "tail");
    EXPECT_THAT(left[1].unseen_readers[0].why, HasSubstr("the same offset in its page"));
}

TEST(PlaceConflicts, OfOneModuleToo) {
    ModuleFile module = module_named("large"); // it may be loaded a page later
    module.read_sites = {site("one", code_at(0x80, call)), site("two", code_at(2 * page + 0x80, jump))};
    EXPECT_THAT(read_in(without_conflicts({module})[0]), ElementsAre("one"));
    module.read_sites = {site("one", code_at(0x80, call)), site("one", code_at(2 * page + 0x80, jump))};
    EXPECT_THAT(read_in(without_conflicts({module})[0]), IsEmpty());
    module.read_sites = {site("one", code_at(0x80, call)), site("two", code_at(2 * page + 0x80, call))};
    EXPECT_THAT(read_in(without_conflicts({module})[0]), ElementsAre("one", "two"));
}

TEST(PlaceConflicts, JumpsAreLeftOutForSections) {
    ModuleFile module = module_named("demo");
    module.jumps = {{.function = "write", .code = code_at(0x80, jump)},
                    {.function = "other", .code = code_at(0x90, jump)},
                    {.function = "exit", .why_unseen = "it is notrace", .code = code_at(0x100, jump)}};
    ModuleFile later = module_named("later");
    later.read_sites = {site("read", code_at(0x80, call)), site("exit_read", code_at(0x100, call))};
    const auto left = without_conflicts({module, later});
    EXPECT_THAT(left[0].jumps[0].why_unseen, HasSubstr("the same offset in its page"));
    EXPECT_EQ(left[0].jumps[1].why_unseen, "");
    EXPECT_EQ(left[0].jumps[2].why_unseen, "it is notrace");
    EXPECT_THAT(read_in(left[1]), ElementsAre("read", "exit_read"));
}

TEST(PlaceConflicts, PlacesOfFtraceConflictWithOthersOnly) {
    ModuleFile module = module_named("demo");
    module.functions = {function_at("read", 0), function_at("write", 0x80), function_at("later", page)};
    module.jumps = {{.function = "write", .code = code_at(page + 0x80, jump)}};
    const auto left = without_conflicts({module});
    EXPECT_EQ(left[0].functions[0].why_unseen(), nullptr);
    EXPECT_THAT(left[0].functions[1].why_unseen(), HasSubstr("the same offset in its page"));
    EXPECT_EQ(left[0].functions[2].why_unseen(), nullptr);
    EXPECT_EQ(left[0].jumps[0].why_unseen, "");
}

TEST(PlaceConflicts, FunctionsThatAreSectionsComeBeforeJumps) {
    ModuleFile module = module_named("demo");
    module.functions = {function_at("reader", 0x80)};
    module.jumps = {{.function = "write", .code = code_at(page + 0x80, jump)}};
    const auto left = without_conflicts({module}, {{"demo", {"reader"}}});
    EXPECT_EQ(left[0].functions[0].why_unseen(), nullptr);
    EXPECT_NE(left[0].jumps[0].why_unseen, "");
}

TEST(PlaceConflicts, FunctionsThatAreNotProbedConflictWithNothing) {
    std::vector<ModuleFile> modules{module_named("demo")};
    modules[0].functions = {function_at("read", 0x80)};
    modules[0].functions[0].notrace = true;
    modules[0].read_sites = {site("read", decoded_at(0x90, {0, page}))};
    EXPECT_THAT(read_in(without_conflicts(modules)[0]), ElementsAre("read"));
    modules[0].functions[0].notrace = false;
    leave_out_conflicts(modules, {}, {});
    EXPECT_EQ(modules[0].functions[0].why_unseen(), nullptr);
}

ModuleFile with_places(const std::vector<std::uint64_t>& functions) {
    ModuleFile module = module_named("demo");
    for (const std::uint64_t begin : functions) {
        module.functions.push_back(function_at("function", begin));
        module.functions.back().places = FunctionPlaces{8, {15}, false};
        module.functions.back().code_of_places = {code_at(begin + 8, call), code_at(begin + 15, ProbedCode::of_return)};
    }
    return module;
}

std::vector<bool> seen_within(const ModuleFile& module) {
    std::vector<bool> within;
    for (const KoFunction& function : module.functions)
        within.push_back(function.places.has_value());
    return within;
}

TEST(PlaceConflicts, FunctionsAreSeenByFtraceWhereTheirPlacesConflict) {
    ModuleFile module = with_places({0, 0x80, 0x100});
    EXPECT_THAT(seen_within(without_conflicts({module})[0]), ElementsAre(true, true, true));
    module.read_sites = {site("read", code_at(8, call)), site("free", code_at(page + 0x100, call))};
    EXPECT_THAT(seen_within(without_conflicts({module})[0]), ElementsAre(true, true, true));
    module.read_sites.push_back(site("read", code_at(page + 0x8f, jump)));
    const auto left = without_conflicts({module});
    EXPECT_THAT(seen_within(left[0]), ElementsAre(false, false, false)) << "a jump may be a return, or not";
    EXPECT_EQ(left[0].functions[0].why_unseen(), nullptr);
    EXPECT_EQ(left[0].functions[1].why_unseen(), nullptr);
    EXPECT_THAT(left[0].functions[2].why_unseen(), HasSubstr("the same offset in its page"));
}

// A conflict of the last function does not affect other functions.
TEST(PlaceConflicts, TheLastFunctionAloneIsSeenByFtrace) {
    ModuleFile module = with_places({0x700, page + 0x600});
    for (ProbedCode& code : module.functions[1].code_of_places)
        code.decoded = CodeRange{page + 0x600, 2 * page};
    EXPECT_THAT(seen_within(without_conflicts({module})[0]), ElementsAre(true, false));
    module = with_places({0x500, page + 0x600});
    for (ProbedCode& code : module.functions[1].code_of_places)
        code.decoded = CodeRange{page + 0x600, 2 * page};
    EXPECT_THAT(seen_within(without_conflicts({module})[0]), ElementsAre(true, true));
}

// The kernel refuses breakpoints if the kprobes of an unloaded module confuse its decoder.
TEST(PlaceConflicts, FunctionsAreSeenByFtraceWhereThereAreSeveralModules) {
    const ModuleFile module = with_places({0, 0x80});
    EXPECT_THAT(seen_within(without_conflicts({module, module_named("other")})[0]), ElementsAre(false, false));
}

TEST(PlaceConflicts, AReaderIsSeenByFtraceAlone) {
    ModuleFile module = with_places({0, 0x200});
    module.functions[0].name = "read";
    module.jumps = {{.function = "write", .code = code_at(page + 8, jump)}};
    const auto left = without_conflicts({module}, {{"demo", {"read"}}});
    EXPECT_EQ(left[0].functions[0].why_unseen(), nullptr);
    EXPECT_EQ(left[0].jumps[0].why_unseen, "");
    EXPECT_TRUE(left[0].functions[1].places) << "the jump conflicts with none";
}

// A range that the kernel decodes must not contain the page offset of a site outside the range.
TEST(PlaceConflicts, WhatIsDecodedToTheEndIsMetByNoOtherPlace) {
    ModuleFile first = module_named("first");
    first.read_sites = {site("last", decoded_at(0xf10, {0xf00, page}))};
    ModuleFile second = module_named("second");
    second.read_sites = {site("early", code_at(page + 0xef0, call))};
    EXPECT_THAT(read_in(without_conflicts({first, second})[0]), ElementsAre("last"));
    second.read_sites = {site("late", code_at(page + 0xf80, call))};
    const auto left = without_conflicts({first, second});
    EXPECT_THAT(read_in(left[0]), IsEmpty()) << "it conflicts with many, and comes last";
    EXPECT_THAT(left[0].unseen_readers[0].why, HasSubstr("the kernel decodes the code from here"));
    EXPECT_THAT(read_in(left[1]), ElementsAre("late"));
}

TEST(PlaceConflicts, NoPlaceIsInWhatIsDecodedForAnother) {
    ModuleFile first = module_named("first");
    first.read_sites = {site("last", decoded_at(0xf10, {0xf00, page}))};
    ModuleFile second = module_named("second");
    second.read_sites = {site("last", decoded_at(0xf90, {0xf80, page}))};
    const auto left = without_conflicts({first, second});
    EXPECT_THAT(read_in(left[0]), ElementsAre("last"));
    EXPECT_THAT(read_in(left[1]), IsEmpty());
}

TEST(PlaceConflicts, ItsOwnPlacesAreWhatTheyAre) {
    ModuleFile module = module_named("demo");
    module.read_sites = {site("last", decoded_at(0xf10, {0xf00, page})),
                         site("last", decoded_at(0xf20, {0xf00, page}))};
    EXPECT_THAT(read_in(without_conflicts({module})[0]), ElementsAre("last", "last"));
    module.read_sites = {site("last", decoded_at(0xf10, {0xf00, 3 * page}))};
    EXPECT_THAT(read_in(without_conflicts({module})[0]), IsEmpty()) << "a page later it lies in what is decoded";
    module.read_sites = {site("last", decoded_at(0xf10, {0xf00, page}))};
    ModuleFile init = module_named("init");
    init.read_sites = {site("init_last", {true, 0xf10, call, CodeRange{0xf00, page}})};
    const auto left = without_conflicts({module, init});
    EXPECT_THAT(read_in(left[0]), ElementsAre("last"));
    EXPECT_THAT(read_in(left[1]), IsEmpty()) << "another memory's";
}

} // namespace
} // namespace rcuscope::test
