// SPDX-License-Identifier: BSD-2-Clause
//
// Tests the metadata of what a recording can and cannot show.
#include "record/describe.hpp"

#include <gmock/gmock.h>

#include "probes/hooks.hpp"

namespace rcuscope::test {
namespace {

using testing::ElementsAre;

ModuleFile module_with(const std::string& name, std::vector<KoFunction> functions) {
    ModuleFile file{.name = name};
    file.functions = std::move(functions);
    return file;
}

KoFunction notrace(const std::string& name, const std::string& section) {
    return {.name = name, .section = section, .offset = 0, .size = 16, .notrace = true};
}

// A plan with the hook for function calls.
AttachPlan plan_with_functions() {
    AttachPlan plan;
    for (const Hook& hook : hook_table())
        if (hook.name == "module.functions")
            plan.hooks.push_back({.hook = &hook, .taken = &hook.alternatives.front()});
    return plan;
}

std::vector<std::string> missing_of(const RecordRequest& request) {
    Metadata metadata;
    describe(metadata, request, plan_with_functions());
    std::vector<std::string> words;
    for (const MissingInfo& missing : metadata.missing)
        words.push_back(missing.hook + ": " + missing.why);
    return words;
}

TEST(Describe, FunctionsThatAreNotraceAreOneLineWithTheReasons) {
    RecordRequest request;
    request.functions = {"*"};
    request.modules = {module_with("one", {notrace("one_exit", ".exit.text"),
                                           notrace("one_counts", ".text"),
                                           {.name = "one_read", .section = ".text", .offset = 0, .size = 8}}),
                       module_with("two", {notrace("two_exit", ".exit.text"), notrace("two_entry", ".noinstr.text")})};
    EXPECT_THAT(missing_of(request),
                ElementsAre("module.functions: calls of functions that are notrace: one:one_exit, two:two_exit (__exit "
                            "implies it); one:one_counts (marked notrace or inline, or written in assembly); "
                            "two:two_entry (noinstr implies it)"));
}

TEST(Describe, OfManyThatAreNotraceSomeAreNamed) {
    RecordRequest request;
    request.functions = {"*"};
    request.modules = {module_with("one", {})};
    for (int i = 0; i < 9; i++)
        request.modules[0].functions.push_back(notrace("f" + std::to_string(i), ".exit.text"));
    EXPECT_THAT(missing_of(request),
                ElementsAre("module.functions: calls of functions that are notrace: one:f0, one:f1, one:f2, one:f3, "
                            "one:f4, one:f5 and 3 more (__exit implies it)"));
}

TEST(Describe, WhatIsNotSeenForAnotherReasonIsALineEach) {
    RecordRequest request;
    request.functions = {"*"};
    request.modules = {module_with("one", {{.name = "twin", .section = ".text", .ambiguous = true},
                                           {.name = "closed", .section = ".text", .no_kprobe = true}})};
    EXPECT_THAT(
        missing_of(request),
        ElementsAre("module.functions: calls of one:twin: several functions have that name",
                    "module.functions: calls of one:closed: its module forbids kprobes in it (NOKPROBE_SYMBOL)"));
}

TEST(Describe, WhatAModuleImportsAndIsNotFollowedIsKept) {
    RecordRequest request;
    request.modules = {module_with("one", {})};
    request.modules[0].not_followed = {"call_srcu()"};
    Metadata metadata;
    describe(metadata, request, plan_with_functions());
    ASSERT_EQ(metadata.modules.size(), 1U);
    EXPECT_EQ(metadata.modules[0].not_followed, std::vector<std::string>{"call_srcu()"});
}

} // namespace
} // namespace rcuscope::test
