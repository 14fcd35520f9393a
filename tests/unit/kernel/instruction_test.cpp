// SPDX-License-Identifier: BSD-2-Clause
#include "kernel/instruction.hpp"

#include <gtest/gtest.h>
#include <initializer_list>
#include <string>
#include <vector>

namespace rcuscope::test {
namespace {

using Code = std::vector<unsigned char>;

// "3 of 7": the number of bytes that determine the length, and the length. The bytes after the instruction do not
// matter.
std::string words_of(Code code) {
    code.resize(code.size() + 15, 0xff);
    const auto instruction = instruction_at(code);
    return instruction ? std::to_string(instruction->shape) + " of " + std::to_string(instruction->size) : "unknown";
}

// The lengths are objdump's.
TEST(Instruction, LengthsOfWhatCompilersMake) {
    const struct {
        Code code;
        const char* expected;
    } all[] = {
        {{0x90}, "1 of 1"},                                               // nop
        {{0x00, 0x00}, "2 of 2"},                                         // add %al,(%rax)
        {{0x0f, 0x1f, 0x44, 0x00, 0x00}, "4 of 5"},                       // nopl 0(%rax,%rax,1)
        {{0x66, 0x66, 0x2e, 0x0f, 0x1f, 0x84, 0, 0, 0, 0, 0}, "7 of 11"}, // a long nop
        {{0xf3, 0x0f, 0x1e, 0xfa}, "4 of 4"},                             // endbr64
        {{0xe8, 0, 0, 0, 0}, "1 of 5"},                                   // call
        {{0xe9, 0, 0, 0, 0}, "1 of 5"},                                   // jmp
        {{0xeb, 0xfe}, "1 of 2"},                                         // jmp
        {{0x0f, 0x84, 0, 0, 0, 0}, "2 of 6"},                             // je
        {{0x74, 0x02}, "1 of 2"},                                         // je
        {{0x48, 0x8b, 0x05, 0, 0, 0, 0}, "3 of 7"},                       // mov 0(%rip),%rax
        {{0x48, 0xc7, 0x04, 0x25, 0, 0, 0, 0, 1, 0, 0, 0}, "4 of 12"},    // movq $1,0
        {{0x66, 0xc7, 0x43, 0x10, 1, 0}, "3 of 6"},                       // movw $1,16(%rbx)
        {{0x48, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0}, "2 of 10"},                // movabs
        {{0xb8, 0, 0, 0, 0}, "1 of 5"},                                   // mov $0,%eax
        {{0x66, 0xb8, 0, 0}, "2 of 4"},                                   // mov $0,%ax
        {{0xf6, 0xc0, 0x01}, "2 of 3"},                                   // test $1,%al
        {{0xf6, 0xd8}, "2 of 2"},                                         // neg %al
        {{0xf7, 0xc0, 1, 0, 0, 0}, "2 of 6"},                             // test $1,%eax
        {{0x48, 0xf7, 0xd8}, "3 of 3"},                                   // neg %rax
        {{0x65, 0x48, 0x8b, 0x04, 0x25, 0, 0, 0, 0}, "5 of 9"},           // mov %gs:0,%rax
        {{0x48, 0x8b, 0x44, 0x24, 0x08}, "4 of 5"},                       // mov 8(%rsp),%rax
        {{0x8b, 0x80, 0, 0, 0, 0}, "2 of 6"},                             // mov 0(%rax),%eax
        {{0x0f, 0xba, 0xe0, 0x03}, "3 of 4"},                             // bt $3,%eax
        {{0x0f, 0x0b}, "2 of 2"},                                         // ud2
        {{0x0f, 0x01, 0xca}, "3 of 3"},                                   // clac
        {{0xc3}, "1 of 1"},                                               // ret
        {{0xcc}, "1 of 1"},                                               // int3
        {{0xf0, 0x48, 0x0f, 0xc1, 0x02}, "5 of 5"},                       // lock xadd %rax,(%rdx)
        {{0x66, 0x0f, 0x38, 0x00, 0xc1}, "5 of 5"},                       // pshufb
        {{0x66, 0x0f, 0x3a, 0x0f, 0xc1, 0x08}, "5 of 6"},                 // palignr
        {{0xc8, 0, 0, 0}, "unknown"},                                     // enter
        {{0xc5, 0xf8, 0x77}, "unknown"},                                  // vzeroupper
        {{0x62, 0xf1, 0x7c, 0x48, 0x28, 0xc1}, "unknown"},                // AVX-512
        {{0x06}, "unknown"},                                              // invalid in 64-bit mode
        {{0x66, 0xe8, 0, 0, 0, 0}, "unknown"},                            // differs between vendors
        {{0x48, 0x66, 0x90}, "unknown"},                                  // REX must be the last prefix
        {{0x26, 0x2e, 0x36, 0x3e, 0x64, 0x90}, "unknown"},                // five prefixes
        {{0x66, 0x66, 0x66, 0x66, 0x66, 0x90}, "6 of 6"},                 // only one of them has an effect
    };
    for (const auto& [code, expected] : all)
        EXPECT_EQ(words_of(code), expected) << "opcode " << static_cast<unsigned>(code[0]);
}

TEST(Instruction, WhatGoesOnBeyondTheCodeIsUnknown) {
    const Code all{0x48, 0xc7, 0x84, 0x24, 0, 0, 0, 0, 1, 0, 0, 0};
    for (std::size_t i = 0; i < all.size(); i++)
        EXPECT_FALSE(instruction_at(std::span(all).first(i))) << i << " bytes";
    EXPECT_TRUE(instruction_at(all));
}

TEST(Instruction, NothingIsLongerThanTheKernelTakes) {
    Code code(14, 0x66);
    code.push_back(0x90);
    EXPECT_TRUE(instruction_at(code));
    code.insert(code.begin(), 0x66);
    EXPECT_FALSE(instruction_at(code));
}

} // namespace
} // namespace rcuscope::test
