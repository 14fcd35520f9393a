// SPDX-License-Identifier: BSD-2-Clause
#include "kernel/kernel_name.hpp"

#include <gtest/gtest.h>

namespace rcuscope::test {
namespace {

TEST(KernelName, IsWhatCompilersMakeOfNames) {
    for (const char* text :
         {"cmap_get", "sample_tail.isra.0", "_RNvNtCs1_4demo3get", "_ZN4core3fmt17h0E$LT$u8$GT$", "x", "7"}) {
        const auto name = KernelName::of(text);
        ASSERT_TRUE(name) << text;
        EXPECT_EQ(name->text(), text);
    }
}

TEST(KernelName, IsNothingThatTheKernelWouldTakeForMore) {
    using namespace std::string_view_literals;
    for (const std::string_view text :
         {"a\nb"sv, "a\n"sv,      "\na"sv, "a b"sv, "a\tb"sv, "a\rb"sv, "a\0b"sv, "a+1"sv, "a-1"sv,      "a:b"sv,
          "a/b"sv,  "a%return"sv, "a#b"sv, "a;b"sv, "a|b"sv,  "a@b"sv,  "a=b"sv,  "a'b"sv, "\xc3\xa4"sv, ""sv})
        EXPECT_FALSE(KernelName::of(text)) << text;
}

TEST(KernelName, IsNoLongerThanTheKernelTakes) {
    EXPECT_TRUE(KernelName::of(std::string(KernelName::longest, 'x')));
    EXPECT_FALSE(KernelName::of(std::string(KernelName::longest + 1, 'x')));
}

} // namespace
} // namespace rcuscope::test
