// SPDX-License-Identifier: BSD-2-Clause
//
// Modules that are made to harm their reader.
#include <gmock/gmock.h>

#include "growth.hpp"
#include "kernel/made_module.hpp"
#include "kernel/module_file.hpp"
#include "temp_dir.hpp"

namespace rcuscope::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Result<ModuleFile> read(const MadeModule& module) {
    const TempDir dir;
    return read_module_file(dir.write("made.ko", module.bytes()));
}

std::string why_not(const MadeModule& module) {
    const auto file = read(module);
    if (file)
        return "it was read";
    EXPECT_EQ(file.error().code, ExitCode::bad_input);
    return file.error().why;
}

TEST(OddModule, AMadeOneIsReadLikeAnyOther) {
    MadeModule made;
    made.add({"first", 0, 16});
    made.add({"second", 16, 16});
    made.add_call(3);
    made.add_call(20);
    const auto module = read(made);
    ASSERT_TRUE(module) << module.error().why;
    EXPECT_EQ(module->name, "made");
    ASSERT_EQ(module->read_sites.size(), 2u);
    EXPECT_EQ(module->read_sites[0].function, "first");
    EXPECT_EQ(module->read_sites[1].function, "second");
    EXPECT_EQ(module->read_sites[1].offset, 4u);
}

TEST(OddModule, AModuleIsNotCalledWhatTheKernelWouldTakeForMore) {
    for (const std::string name :
         {"a\np:foreign/evil do_sys_open\n#", "two words", "a-b", "a:b", "../x", ".", "..", "\x1b[2J"})
        EXPECT_THAT(why_not(MadeModule(name)), HasSubstr("is not valid: the kernel's files take names of letters"))
            << name;
    EXPECT_THAT(why_not(MadeModule("\x1b[2J")), HasSubstr("\\u{1b}[2J"));
    EXPECT_THAT(why_not(MadeModule(std::string(56, 'm'))),
                HasSubstr("is not valid: the kernel's files take names of letters"));
    EXPECT_TRUE(read(MadeModule(std::string(55, 'm'))));
}

// A function keeps its name, whatever it is, because the name may be displayed. PlaceSites tests that no probe is
// written for it.
TEST(OddModule, AFunctionMayBeCalledAnything) {
    MadeModule made;
    made.add({"a\nb", 0, 16});
    made.add_call(3);
    const auto module = read(made);
    ASSERT_TRUE(module) << module.error().why;
    ASSERT_EQ(module->functions.size(), 1u);
    EXPECT_EQ(module->functions[0].name, "a\nb");
}

// The file has a long name once, however many symbols refer to it; in memory each symbol would have a copy.
TEST(OddModule, NoFunctionsNameIsLongerThanTheKernelTakes) {
    MadeModule made;
    for (std::uint64_t i = 0; i < 400; i++)
        made.add({std::string(32768, 'x'), 16 * i, 16});
    EXPECT_LT(made.bytes().size(), 65536u);
    EXPECT_THAT(why_not(made),
                HasSubstr("it has a function whose name is longer than the kernel's limit of 511 bytes"));
}

TEST(OddModule, NoByteLiesInTwoSections) {
    MadeModule made;
    made.add({"function", 0, 16384});
    for (std::uint64_t i = 0; i < 1000; i++)
        made.add_call(16 * i);
    EXPECT_TRUE(read(made));
    made.repeat_relocations(500);
    EXPECT_THAT(why_not(made), HasSubstr("its sections are larger than the file"));
}

MadeModule with(std::size_t functions, std::size_t calls) {
    MadeModule made;
    for (std::size_t i = 0; i < functions; i++)
        made.add({"function_" + std::to_string(i), 16 * i, 16});
    for (std::size_t i = 0; i < calls; i++)
        made.add_call(16 * (i * functions / calls) + 3);
    return made;
}

TEST(OddModule, TimeGrowsAsTheFileDoes) {
    const TempDir dir;
    EXPECT_LT(growth(1000,
                     [&](std::size_t size) {
                         const std::string name = std::to_string(size) + ".ko";
                         static std::map<std::string, std::string> made;
                         auto& path = made[name];
                         if (path.empty())
                             path = dir.write(name, with(size, size).bytes());
                         const auto module = read_module_file(path);
                         ASSERT_TRUE(module) << module.error().why;
                         ASSERT_EQ(module->read_sites.size(), size);
                     }),
              far_from_linear);
}

} // namespace
} // namespace rcuscope::test
