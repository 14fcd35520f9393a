// SPDX-License-Identifier: BSD-2-Clause
#include "probes/reader_functions.hpp"

#include <gmock/gmock.h>

namespace rcuscope::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

ModuleFile module(std::string name, std::vector<KoFunction> functions) {
    ModuleFile file;
    file.name = std::move(name);
    file.functions = std::move(functions);
    return file;
}

std::vector<ModuleFile> one() {
    return {module("demo", {{"demo_read", ".text", 0, 32},
                            {"demo_read_all", ".text", 32, 32},
                            {"demo_read.cold", ".text.unlikely", 0, 8, false},
                            {"demo_exit", ".exit.text", 0, 8, true, true}})};
}

std::vector<ModuleFile> two() {
    auto modules = one();
    modules.push_back(module("other", {{"other_get", ".text", 0, 32}}));
    return modules;
}

Error error_of(const std::string& text, const std::vector<ModuleFile>& modules) {
    const auto readers = reader_functions({text}, modules);
    EXPECT_FALSE(readers) << text;
    return readers ? Error() : readers.error();
}

TEST(ReaderFunctions, OfTheOnlyModuleOrOfOneThatIsNamed) {
    const auto readers = reader_functions({"demo_read", "demo:demo_*"}, one());
    ASSERT_TRUE(readers);
    EXPECT_THAT(readers->at("demo"), ElementsAre("demo_read", "demo_*"));
    EXPECT_THAT(reader_functions({"other:other_get"}, two())->at("other"), ElementsAre("other_get"));
    EXPECT_THAT(*reader_functions({}, {}), IsEmpty());
}

TEST(ReaderFunctions, NeedAModuleThatIsFollowed) {
    EXPECT_EQ(error_of("demo_read", {}).why, "no module is followed");
    EXPECT_EQ(error_of("third:read", two()).why, "module third is not followed");
    EXPECT_EQ(error_of("demo_read", two()).hint, "name its module: demo:demo_read");
    EXPECT_EQ(error_of("demo_read", two()).code, ExitCode::bad_input);
}

TEST(ReaderFunctions, OneThatIsNotThereIsAnErrorThatNamesThoseNearBy) {
    const Error typo = error_of("demo_raed", one());
    EXPECT_EQ(typo.code, ExitCode::bad_input);
    EXPECT_EQ(typo.what, "--reader-function demo_raed");
    EXPECT_THAT(typo.why, HasSubstr("demo has no such function"));
    EXPECT_EQ(typo.hint, "mark it noinline, or name a caller; similar names: demo_read");
    EXPECT_EQ(error_of("read", one()).hint,
              "mark it noinline, or name a caller; similar names: demo_read, demo_read_all");
    EXPECT_EQ(error_of("nothing_like_it", one()).hint, "mark it noinline, or name a caller");
    EXPECT_THAT(error_of("demo_read.cold", one()).why, HasSubstr("no such function"));
}

TEST(ReaderFunctions, OneThatKprobesRefuseIsAnError) {
    EXPECT_THAT(error_of("demo_exit", one()).why, HasSubstr("demo:demo_exit cannot be seen: it is notrace"));
    EXPECT_TRUE(reader_functions({"demo_*"}, one())) << "others of the pattern can be seen";
}

} // namespace
} // namespace rcuscope::test
